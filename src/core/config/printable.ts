/** A configuration on its way to YAML. */
export type Printable =
  | string
  /** A whole one. */
  | number
  | boolean
  | null
  | PrintableScalar
  | PrintableList
  | PrintableMap;

/** Written as it stands. */
export interface PrintableScalar {
  scalar: string;
}

export interface PrintableList {
  items: readonly Printable[];
  /** In brackets on one line. */
  flow?: boolean;
}

/** In the order to be written. */
export interface PrintableMap {
  entries: readonly (readonly [key: string, value: Printable])[];
}
