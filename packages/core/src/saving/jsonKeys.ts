const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * The keys of the outermost object of valid JSON, in order, also those that are there twice and of which parsing keeps the
 * last.
 */
export function jsonKeys(json: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  let expectsKey = false;
  for (let position = 0; position < json.length; position++) {
    const code = json.charCodeAt(position);
    if (code === quote) {
      const end = endOfString(json, position);
      if (depth === 1 && expectsKey) {
        keys.push(JSON.parse(json.slice(position, end + 1)) as string);
        expectsKey = false;
      }
      position = end;
    } else if (code === comma) {
      expectsKey = depth === 1;
    } else if (code === openBrace || code === openBracket) {
      depth++;
      expectsKey = depth === 1;
    } else if (code === closeBrace || code === closeBracket) {
      depth--;
    }
  }
  return keys;
}

/** Position of the quotation mark that ends the string which begins at `start`. */
function endOfString(json: string, start: number): number {
  let position = start + 1;
  while (json.charCodeAt(position) !== quote) {
    position += json.charCodeAt(position) === backslash ? 2 : 1;
  }
  return position;
}
