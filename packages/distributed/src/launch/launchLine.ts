import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { firstThatAnswers, ownAddresses } from "../faults/addresses.js";

/** Where `convoy-launch` listens: token, port and addresses. */
const variable = "CONVOY_LAUNCH_LINE";

/**
 * The launcher's end of a line from every process: the first that breaks is of the process that died. Its mpirun kills all others in
 * the same moment, and MPICH's does not say which was the first.
 */
export class LaunchLines {
  readonly environment: NodeJS.ProcessEnv;
  readonly #server: ReturnType<typeof createServer>;
  #dead: string | undefined;
  /** Whether some process has ended by itself, in order or with an error of its own. */
  #ended = false;

  private constructor(server: ReturnType<typeof createServer>, environment: NodeJS.ProcessEnv) {
    this.#server = server;
    this.environment = environment;
  }

  static async open(): Promise<LaunchLines> {
    const token = randomBytes(16).toString("hex");
    const server = createServer();
    server.listen(0);
    await once(server, "listening");
    server.unref();
    const { port } = server.address() as { readonly port: number };
    const line = [token, port, ["127.0.0.1", ...ownAddresses()].join(",")].join(" ");
    const lines = new LaunchLines(server, { ...process.env, [variable]: line });
    server.on("connection", (socket) => lines.#greet(socket, token));
    return lines;
  }

  /** The process that died first, if one did: "rank 2 of 4". */
  get dead(): string | undefined {
    return this.#dead;
  }

  close(): void {
    this.#server.close();
  }

  #greet(socket: Socket, token: string): void {
    socket.unref();
    socket.on("error", () => undefined);
    createInterface({ input: socket }).on("line", (text) => {
      const [word, rank, size] = text.split(" ");
      if (word === token) {
        // The first sign of each counts: a line that was reset is closed sooner than one that has ended, whichever broke first.
        for (const sign of ["end", "error", "close"]) {
          socket.on(sign, () => {
            this.#dead ??= this.#ended ? undefined : `rank ${rank} of ${size}`;
          });
        }
      } else {
        this.#ended ||= word === "end";
      }
    });
  }
}

/** A process's end of the line to `convoy-launch`; without it there is none. Says before the process ends that it does. */
export async function openLaunchLine(rank: number, size: number): Promise<{ readonly sayEnd: () => void }> {
  const [token, port, addresses] = (process.env[variable] ?? "").split(" ");
  if (token === undefined || port === undefined || addresses === undefined) {
    return { sayEnd: () => undefined };
  }
  const socket = await firstThatAnswers(addresses.split(","), Number(port), connect);
  socket?.unref();
  socket?.on("error", () => undefined);
  socket?.write(`${token} ${rank} ${size}\n`);
  return { sayEnd: () => socket?.write("end\n") };
}
