/** The newest answers about distinct texts, in two generations: when the young one is full it becomes the old one. */

const GENERATION_SIZE = 1024;
/** Longer texts are not kept. In UTF-16 units. */
const MAX_TEXT_LENGTH = 512;

export class ResultCache {
  private young = new Map<string, boolean>();
  private old = new Map<string, boolean>();

  get(text: string): boolean | undefined {
    const found = this.young.get(text);
    if (found !== undefined) return found;
    const older = this.old.get(text);
    if (older !== undefined) this.set(text, older);
    return older;
  }

  set(text: string, result: boolean): void {
    if (text.length > MAX_TEXT_LENGTH) return;
    if (this.young.size === GENERATION_SIZE) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(text, result);
  }
}
