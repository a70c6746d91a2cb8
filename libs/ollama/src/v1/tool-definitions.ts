import { RawJson } from '../go-json.js';
import { isObject, type JsonObject } from '../json-field.js';
import type { FieldReader } from './field-reader.js';
import type { V1Body } from './v1-body.js';

/**
 * Tools in the form that chats of both dialects share go on as they are written. Their types are
 * checked, because the server's complaint names the route that it reads them for.
 */
export function nestedTools(reader: FieldReader, { fields, text }: V1Body): RawJson | undefined {
  const tools = reader.objects(fields, 'tools');
  if (tools === null || tools.length === 0) return undefined;
  for (const tool of tools) {
    reader.string(tool, 'type');
    const called = reader.object(tool, 'function') ?? {};
    reader.string(called, 'name');
    reader.string(called, 'description');
    checkParameters(reader, reader.object(called, 'parameters'));
  }
  return new RawJson(String(text.member('tools')));
}

/** The top of a tool's parameters, and of each of its properties, has fields with types that the server insists on. */
export function checkParameters(reader: FieldReader, parameters: JsonObject | null): void {
  if (parameters === null) return;
  reader.string(parameters, 'type');
  reader.strings(parameters, 'required');
  checkProperties(reader, parameters);
}

function checkProperties(reader: FieldReader, schema: JsonObject): void {
  for (const property of Object.values(reader.object(schema, 'properties') ?? {})) checkProperty(reader, property);
}

function checkProperty(reader: FieldReader, property: unknown): void {
  if (property === null) return;
  if (!isObject(property)) return reader.refuse('json: cannot unmarshal a property into type api.ToolProperty');
  const type = property['type'];
  if (type !== undefined && typeof type !== 'string') reader.strings(property, 'type');
  reader.string(property, 'description');
  reader.list(property, 'enum');
  reader.strings(property, 'required');
  for (const option of reader.list(property, 'anyOf') ?? []) checkProperty(reader, option);
  checkProperties(reader, property);
}
