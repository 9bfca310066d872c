/**
 * The XML that Amazon's query APIs answer with: elements and text. Attributes, comments and processing instructions
 * carry nothing there and are passed over; what is not well-formed is refused.
 */
import { InputError } from '../../errors.ts';

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const MOST_DEPTH = 100;

export class XmlElement {
  readonly name: string;
  readonly children: XmlElement[] = [];
  text = '';

  constructor(name: string) {
    this.name = name;
  }

  /** The first child of that name, and so on down the path. */
  at(...path: readonly string[]): XmlElement | undefined {
    let element: XmlElement | undefined = this;
    for (const name of path) element = element?.children.find((child) => child.name === name);
    return element;
  }

  /** The text at a path; undefined where there is no such element. */
  textAt(...path: readonly string[]): string | undefined {
    return this.at(...path)?.text;
  }

  /** The elements of a list. */
  items(list: string, item = 'item'): XmlElement[] {
    return this.at(list)?.children.filter(({ name }) => name === item) ?? [];
  }
}

/** The root element. Throws InputError (`bad_xml`). */
export function parseXml(text: string): XmlElement {
  const outside = new XmlElement('');
  const open = [outside];
  const token =
    /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<!DOCTYPE[^>]*>|<(\/?)([^\s/>]+)[^>]*?(\/?)>|([^<]+)|</g;
  for (const [whole, cdata, closing, qualified, empty, characters] of text.matchAll(token)) {
    const inside = open[open.length - 1];
    if (cdata !== undefined) inside.text += cdata;
    else if (characters !== undefined) inside.text += decoded(characters);
    else if (whole === '<') throw broken('a tag does not end');
    else if (qualified !== undefined) {
      const name = qualified.slice(qualified.indexOf(':') + 1);
      if (closing === '/') {
        if (open.length === 1 || inside.name !== name) throw broken(`</${name}> closes nothing`);
        open.pop();
        continue;
      }
      const element = new XmlElement(name);
      inside.children.push(element);
      if (empty !== '/') open.push(element);
      if (open.length > MOST_DEPTH) throw broken('too many elements inside each other');
    }
  }
  if (open.length > 1) throw broken(`<${open[open.length - 1].name}> is not closed`);
  if (outside.children.length !== 1) throw broken('there is not one root element');
  return outside.children[0];
}

function decoded(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function broken(reason: string): InputError {
  return new InputError('bad_xml', `the answer is not XML: ${reason}`);
}
