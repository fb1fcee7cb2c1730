import { spawn } from "node:child_process";

/** A program that answers each line of JSON with one. */
export interface LineProcess {
  /** What it wrote first. */
  readonly greeting: object;
  /** Asks and waits for the answer; one question at a time. Rejects with its `error`, or when the program has ended. */
  ask(question: object): Promise<object>;
  end(): Promise<void>;
}

/** Starts a program and waits for its first line. Rejects with the last line of its error output if it ends before. */
export async function startLineProcess(command: string, args: readonly string[]): Promise<LineProcess> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  let waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | undefined;
  let unfinished = "";
  let complaints = "";
  let ended: Error | undefined;
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const fail = (error: Error): void => {
    ended ??= error;
    waiting?.reject(ended);
    waiting = undefined;
  };
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (unfinished + text).split("\n");
    unfinished = lines.pop() as string;
    for (const line of lines) {
      waiting?.resolve(line);
      waiting = undefined;
    }
  });
  child.stdin.on("error", () => undefined); // `close` tells why.
  child.on("error", fail);
  child.on("close", (status, signal) => {
    const last = complaints.trimEnd().split("\n").at(-1);
    fail(new Error(last || `${command} ended with ${signal ?? `status ${status}`}`));
  });
  const line = async (): Promise<object> => {
    const text = await new Promise<string>((resolve, reject) => {
      if (ended !== undefined) {
        reject(ended);
        return;
      }
      waiting = { resolve, reject };
    });
    const answer = JSON.parse(text) as { readonly error?: string };
    if (answer.error !== undefined) {
      throw new Error(answer.error);
    }
    return answer;
  };
  return {
    greeting: await line(),
    ask(question) {
      const answer = line();
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return answer;
    },
    async end() {
      child.stdin.end();
      await closed;
    },
  };
}
