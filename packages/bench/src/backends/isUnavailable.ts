/** Whether a backend says that it cannot run here; it may have its own copy of core and with it of the error's class. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof Error && error.name === "BackendUnavailableError";
}
