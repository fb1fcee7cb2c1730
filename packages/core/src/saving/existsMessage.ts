/** What is wrong where a target has something that may not be overwritten. */
export function existsMessage(target: string): string {
  return `${target} is there already, and overwrite is false; save to another place, remove it, or leave overwrite out`;
}
