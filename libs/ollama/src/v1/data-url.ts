const KNOWN = /^data:(?:image\/(?:jpeg|jpg|png|webp))?;base64,/;

export type ImageUrl =
  | { readonly kind: 'data'; readonly base64: string }
  /** The server refuses what lies elsewhere. */
  | { readonly kind: 'remote' }
  | { readonly kind: 'invalid' };

/** Reads the URL of an image as the server does: it takes the types it knows, and base64 without a type. */
export function readImageUrl(url: string): ImageUrl {
  if (url.startsWith('http://') || url.startsWith('https://')) return { kind: 'remote' };
  const prefix = KNOWN.exec(url)?.[0];
  if (prefix === undefined) return { kind: 'invalid' };
  const base64 = url.slice(prefix.length);
  return isBase64(base64) ? { kind: 'data', base64 } : { kind: 'invalid' };
}

/** Whether Go's decoder of padded base64 takes it; it skips line breaks. */
export function isBase64(text: string): boolean {
  const plain = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, '') : text;
  return plain.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(plain);
}
