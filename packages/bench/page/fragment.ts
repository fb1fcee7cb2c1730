/** A report as the part of a link behind "#": no server ever sees it. */

/** The prefix of links that this version reads. */
const prefix = "#result=";

/** Compressed, in the characters that links may have. */
export async function toFragment(report: object): Promise<string> {
  const bytes = await transformed(
    new TextEncoder().encode(JSON.stringify(report)),
    new CompressionStream("deflate-raw"),
  );
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return prefix + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** What `toFragment` has written; undefined for any other fragment. Rejects where it is damaged. */
export async function fromFragment(fragment: string): Promise<unknown> {
  if (!fragment.startsWith(prefix)) {
    return undefined;
  }
  const binary = atob(fragment.slice(prefix.length).replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(await transformed(bytes, new DecompressionStream("deflate-raw"))));
}

async function transformed(
  bytes: Uint8Array<ArrayBuffer>,
  through: CompressionStream | DecompressionStream,
): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(through);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
