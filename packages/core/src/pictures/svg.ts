/** Text as it may stand in SVG. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Where a text stands, and how. */
export interface TextStyle {
  readonly anchor?: "start" | "middle" | "end";
  readonly size?: number;
  readonly fill?: string;
  /** Degrees, around where it stands. */
  readonly rotate?: number;
}

/** A line of text. */
export function svgText(x: number, y: number, text: string, style: TextStyle = {}): string {
  const { anchor = "start", size = 12, fill = "#333", rotate } = style;
  const turn = rotate === undefined ? "" : ` transform="rotate(${rotate} ${round(x)} ${round(y)})"`;
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${fill}" text-anchor="${anchor}"${turn}>${escapeText(text)}</text>`;
}

/** A whole picture, on white. */
export function svgDocument(width: number, height: number, title: string, parts: readonly string[]): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" ` +
    `font-family="system-ui, Helvetica, Arial, sans-serif" role="img"><title>${escapeText(title)}</title>` +
    `<rect width="100%" height="100%" fill="#fff"/>${parts.join("")}</svg>`
  );
}

/** Numbers as short as the picture's accuracy allows. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
