/** A template that cannot be parsed or executed, in Go's words: `template: name:1:23: executing "name" at <x>: …`. */
import { InputError } from '../errors.ts';

export class TemplateError extends InputError {
  constructor(reason: string) {
    super('bad_template', reason);
    this.name = 'TemplateError';
  }
}
