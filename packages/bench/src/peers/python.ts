import { spawn } from "node:child_process";
import { BackendUnavailableError } from "@convoy/core";

/** Where Python may be: the user's first, then the system's, which often has the packages of the distribution. */
const candidates: readonly string[] = process.platform === "win32" ? ["python"] : ["python3", "/usr/bin/python3"];

/** Runs a command that is somewhere on the path; stands in for processes in tests. */
export type RunCommand = (
  command: string,
  options: readonly string[],
  output?: (line: string) => void,
) => Promise<string>;

/**
 * Runs a command to its end. `output` is called with each line that it writes to standard output. Resolves to what it wrote
 * there; rejects with the last line of its error output.
 */
export const runCommand: RunCommand = (command, options, output = () => undefined) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, options, { stdio: ["ignore", "pipe", "pipe"] });
    let written = "";
    let errors = "";
    let unfinished = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      written += text;
      const lines = (unfinished + text).split("\n");
      unfinished = lines.pop() as string;
      for (const line of lines) {
        output(line);
      }
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    child.on("error", reject);
    child.on("close", (status, signal) => {
      if (status === 0) {
        resolve(written);
      } else {
        const last = errors.trimEnd().split("\n").at(-1);
        reject(new Error(last || `${command} ended with ${signal ?? `status ${status}`}`));
      }
    });
  });

/** The first Python that can import PyTorch. Rejects with what each of them said when none can. */
export async function findPython(run: RunCommand = runCommand): Promise<string> {
  const said: string[] = [];
  for (const command of candidates) {
    try {
      await run(command, ["-c", "import torch, numpy"]);
      return command;
    } catch (error) {
      said.push(`${command}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new BackendUnavailableError(
    `no Python with PyTorch (${said.join("; ")}); install it with: ${candidates[0]} -m pip install torch numpy`,
  );
}
