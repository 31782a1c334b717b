// A table schema names and types the columns of a table, and says in the table itself whether its values are synthetic.

export const FIELD_TYPES = ['date', 'timestamp', 'float64', 'int64', 'int32', 'utf8', 'bool'] as const;

/** date: days since 1970-01-01; timestamp: microseconds since then, UTC; int64: integers within +-(2^53 - 1). */
export type FieldType = (typeof FIELD_TYPES)[number];

export type Metadata = Readonly<Record<string, string>>;

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly nullable: boolean;
  readonly metadata?: Metadata;
}

export interface TableSchema {
  /** What the table means, with a version: `market/bars@1`; empty for a table somebody else wrote. */
  readonly id: string;
  readonly fields: readonly Field[];
  readonly metadata: Metadata;
}

export const SCHEMA_KEY = 'marketloom:schema';
export const SYNTHETIC_KEY = 'marketloom:synthetic';
export const GENERATOR_KEY = 'marketloom:generator_version';

export interface SchemaOptions {
  /** True marks the table and every column of it as synthetic; tables of real prices must say false. */
  readonly synthetic: boolean;
  /** Recorded in the table when given; a table must know nothing else of the run, or a rebuild would rewrite it. */
  readonly generatorVersion?: string;
}

/** Declare a schema; the marker goes on the table and on each column, so that it survives a column taken out of its table. */
export function defineSchema(id: string, fields: readonly Field[], options: SchemaOptions): TableSchema {
  const names = new Set(fields.map((field) => field.name));
  if (names.size !== fields.length) throw new TypeError(`schema ${id} names a column twice`);
  const marker: Metadata = options.synthetic ? { [SYNTHETIC_KEY]: 'true' } : {};
  return Object.freeze({
    id,
    fields: fields.map((field) => ({ ...field, metadata: sortKeys({ ...field.metadata, ...marker }) })),
    metadata: sortKeys({
      [SCHEMA_KEY]: id,
      ...(options.generatorVersion === undefined ? {} : { [GENERATOR_KEY]: options.generatorVersion }),
      ...marker,
    }),
  });
}

/** A column that always has a value. */
export function required(name: string, type: FieldType): Field {
  return { name, type, nullable: false };
}

/** A column that may have no value in some rows. */
export function optional(name: string, type: FieldType): Field {
  return { name, type, nullable: true };
}

/** Does the table, or any column of it, say that it is synthetic? */
export function isSynthetic(schema: TableSchema): boolean {
  return [schema.metadata, ...schema.fields.map((field) => field.metadata ?? {})].some(
    (metadata) => metadata[SYNTHETIC_KEY] === 'true',
  );
}

/** The same entries in code-unit order of their keys: metadata is written in this order and no other. */
export function sortKeys(metadata: Metadata): Metadata {
  return Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
