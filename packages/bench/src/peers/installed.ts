import { BackendUnavailableError } from "@convoy/core";

/** Loads a library of optional packages. Rejects with an error that says what to install where one of them is missing. */
export async function installed<T>(load: () => Promise<T>, library: string, packages: string): Promise<T> {
  try {
    return await load();
  } catch (error) {
    // One code for `import`, the other for `require`.
    if (!["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].includes((error as NodeJS.ErrnoException).code ?? "")) {
      throw error;
    }
    throw new BackendUnavailableError(`${library} is not installed: npm install ${packages}`);
  }
}
