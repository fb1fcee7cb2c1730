/** Text as the content of an element or of an attribute in double quotes. */
export function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** A cell of a table: text, or a number at the right. */
export type Cell = string | { readonly number: string };

/**
 * A table with a caption; the first cell of each row is its heading. It scrolls by itself where it is wider than the page; text of
 * `prose` is broken to fit.
 */
export function table(
  caption: string,
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  kind: "figures" | "prose" = "figures",
): string {
  const cells = (row: readonly Cell[]): string =>
    row
      .map((cell, index) => {
        const text = typeof cell === "string" ? cell : cell.number;
        const place = typeof cell === "string" ? "" : ' class="number"';
        return index === 0 ? `<th scope="row">${escaped(text)}</th>` : `<td${place}>${escaped(text)}</td>`;
      })
      .join("");
  const head = headings
    .map((heading, index) => {
      const place = rows.some((row) => typeof row[index] === "object") ? ' class="number"' : "";
      return `<th scope="col"${place}>${escaped(heading)}</th>`;
    })
    .join("");
  return (
    `<div class="scroll" role="region" aria-label="${escaped(caption)}" tabindex="0"><table class="${kind}"><caption>${escaped(caption)}</caption>` +
    `<thead><tr>${head}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join("")}</tbody></table></div>`
  );
}

/** A part of the page under a heading. */
export function section(heading: string, ...parts: readonly string[]): string {
  const content = parts.filter((part) => part !== "").join("\n");
  return content === "" ? "" : `<section><h2>${escaped(heading)}</h2>\n${content}</section>`;
}
