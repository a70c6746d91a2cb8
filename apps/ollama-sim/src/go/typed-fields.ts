/** The type of a field, spelt as Go spells it, because its complaints name it. */
export type GoType =
  | 'string'
  | 'bool'
  | 'int'
  | 'float64'
  | '[]string'
  | '[]int'
  | '[]api.ImageData'
  | '[]api.Message'
  | '[]api.Tool'
  | '[]openai.Message'
  | '[]anthropic.MessageParam'
  | 'map[string]interface {}'
  | 'map[string]string'
  | 'any';

export type Shape = Readonly<Record<string, GoType>>;

export type Fields = Readonly<Record<string, unknown>>;

export type TypedFields =
  { readonly ok: true; readonly fields: Fields } | { readonly ok: false; readonly message: string };

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function fits(value: unknown, type: GoType): boolean {
  if (value === null || type === 'any') return true;
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return Number.isInteger(value);
    case 'float64':
      return typeof value === 'number';
    case 'map[string]interface {}':
    case 'map[string]string':
      return typeof value === 'object' && !Array.isArray(value);
    default:
      return Array.isArray(value);
  }
}

/** The type that an item of a list of this type must have, to name in a complaint. */
function itemFault(items: readonly unknown[], type: GoType): { readonly kind: string; readonly type: string } | null {
  const strings = type === '[]string';
  const objects = type.startsWith('[]') && !strings && type !== '[]int' && type !== '[]api.ImageData';
  for (const item of items) {
    if (item === null) continue;
    if (strings && typeof item !== 'string') return { kind: kindOf(item), type: 'string' };
    if (objects && (typeof item !== 'object' || Array.isArray(item))) {
      return { kind: kindOf(item), type: type === '[]api.Message' ? 'api.Alias' : type.slice(2) };
    }
  }
  return null;
}

function messageFault(items: readonly unknown[]): { readonly field: string; readonly kind: string } | null {
  for (const item of items as readonly Readonly<Record<string, unknown>>[]) {
    for (const field of ['role', 'content', 'thinking', 'tool_name'] as const) {
      const value = item?.[field];
      if (value !== undefined && value !== null && typeof value !== 'string') return { field, kind: kindOf(value) };
    }
  }
  return null;
}

/**
 * Checks an object's fields against a struct of the real server; names are matched whatever their case,
 * null counts as absent, unknown fields are dropped. `struct` is how its complaints name the struct.
 */
export function typedFields(value: unknown, shape: Shape, struct: string, whole: string): TypedFields {
  if (value === null) return { ok: true, fields: {} };
  if (typeof value !== 'object' || Array.isArray(value)) {
    return { ok: false, message: `json: cannot unmarshal ${kindOf(value)} into Go value of type ${whole}` };
  }
  const fields: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const name = key.toLowerCase();
    const type = shape[name];
    if (type === undefined || item === null) continue;
    const complain = (kind: string, path: string, wanted: string): TypedFields => ({
      ok: false,
      message: `json: cannot unmarshal ${kind} into Go struct field ${struct}.${path} of type ${wanted}`,
    });
    if (!fits(item, type)) return complain(kindOf(item), name, type);
    if (Array.isArray(item)) {
      const fault = itemFault(item, type);
      if (fault !== null) return complain(fault.kind, name, fault.type);
      const inMessage = type === '[]api.Message' ? messageFault(item) : null;
      if (inMessage !== null) return complain(inMessage.kind, `${name}.${inMessage.field}`, 'string');
    }
    fields[name] = item;
  }
  return { ok: true, fields };
}
