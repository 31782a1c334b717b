// A finding is something in a source file that could not be read: where it is and why, for a person to look up.

export type FindingKind =
  | 'empty-file'
  | 'field-count'
  | 'quote'
  | 'duplicate-column'
  | 'missing-column'
  | 'missing-ticker'
  | 'bad-number'
  | 'bad-date';

export interface Finding {
  readonly file: string;
  /** Line of a text file, row number of another, both from 1; 0 is the file as a whole. */
  readonly row: number;
  readonly kind: FindingKind;
  readonly detail: string;
}
