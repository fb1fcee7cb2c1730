import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { hostname } from "node:os";
import { createInterface, type Interface } from "node:readline";
import { DeviceError } from "@convoy/core/backend";
import type { Mpi } from "../mpi/mpi.js";
import { firstThatAnswers, ownAddresses } from "./addresses.js";

/** Bytes of a message about where rank 0 listens. */
const noticeBytes = 2048;

/**
 * A machine that loses power or its network closes no line: after so long a silence the system asks whether it is there, and gives
 * it up some 10 s later.
 */
const silenceMs = 5000;

/** Where rank 0 listens, and what those who come have to know. */
interface Notice {
  readonly token: string;
  readonly port: number;
  readonly addresses: readonly string[];
}

/**
 * A line from every rank to rank 0, on which nothing is said but who ends and how: a line that breaks is a process that has died, and
 * is known everywhere at once. MPI itself may wait for the dead for ever, and not every launcher says which rank it was.
 */
export class Watch {
  readonly #mpi: Mpi;
  /** To the others, on rank 0 by their rank, elsewhere to rank 0. */
  readonly #lines: Map<number, Socket> = new Map();
  #ending = false;

  private constructor(mpi: Mpi) {
    this.#mpi = mpi;
  }

  /** Connects all ranks. Collective. */
  static async start(mpi: Mpi): Promise<Watch> {
    const watch = new Watch(mpi);
    if (mpi.rank === 0) {
      await watch.#listen();
    } else {
      await watch.#connect();
    }
    return watch;
  }

  /** Tells all others that this process has ended in order. */
  sayGoodbye(): void {
    this.#ending = true;
    this.#tell(`goodbye ${this.#mpi.rank}`);
  }

  async #listen(): Promise<void> {
    const token = randomBytes(16).toString("hex");
    const sameMachine = await this.#shareMachine();
    const server = createServer((socket) => this.#greet(socket, token));
    server.listen(0, sameMachine ? "127.0.0.1" : undefined);
    await once(server, "listening");
    const { port } = server.address() as { readonly port: number };
    await this.#announce({ token, port, addresses: sameMachine ? ["127.0.0.1"] : ownAddresses() });
    await new Promise<void>((resolve) => {
      this.#onLine = () => {
        if (this.#lines.size === this.#mpi.size - 1) {
          resolve();
        }
      };
      this.#onLine();
    });
    server.close();
  }

  #onLine: () => void = () => undefined;

  /** Takes a line from whoever knows the token; what else connects is turned away. */
  #greet(socket: Socket, token: string): void {
    socket.on("error", () => undefined);
    const lines = createInterface({ input: socket });
    lines.once("line", (line) => {
      const [given, rank] = line.split(" ");
      if (given !== token) {
        socket.destroy();
        return;
      }
      this.#attach(Number(rank), socket, lines);
      this.#onLine();
    });
  }

  async #connect(): Promise<void> {
    await this.#shareMachine();
    const { token, port, addresses } = await this.#announce(undefined);
    const socket = await firstThatAnswers(addresses, port, connect);
    if (socket === undefined) {
      throw new DeviceError(
        `distributed: rank ${this.#mpi.rank} reaches none of rank 0's addresses ${addresses.join(", ")} at port ${port}; processes of ` +
          "a job must reach each other over TCP",
      );
    }
    socket.write(`${token} ${this.#mpi.rank}\n`);
    this.#attach(0, socket, createInterface({ input: socket }));
  }

  /** Whether all ranks are on one machine: then nobody else has to be listened to. */
  async #shareMachine(): Promise<boolean> {
    const name = Buffer.alloc(64);
    name.write(hostname());
    const all = await this.#mpi.allGather(Uint8Array.from(name));
    return Array.from({ length: this.#mpi.size }, (_, rank) => all.subarray(rank * 64, rank * 64 + 64)).every(
      (other) => Buffer.compare(other, name) === 0,
    );
  }

  async #announce(notice: Notice | undefined): Promise<Notice> {
    const bytes = new Uint8Array(noticeBytes);
    bytes.set(new TextEncoder().encode(JSON.stringify(notice ?? {})));
    await this.#mpi.broadcast(bytes);
    return JSON.parse(Buffer.from(bytes).toString("utf8", 0, bytes.indexOf(0))) as Notice;
  }

  #attach(rank: number, socket: Socket, lines: Interface): void {
    this.#lines.set(rank, socket);
    socket.unref();
    socket.setNoDelay(true);
    socket.setKeepAlive(true, silenceMs);
    // A line that breaks is seen as its end.
    socket.on("error", () => undefined);
    lines.on("line", (line) => this.#hear(line));
    socket.on("close", () => this.#noteEnd(rank));
  }

  #hear(line: string): void {
    const [word, text] = line.split(" ");
    const rank = Number(text);
    if (word === "goodbye") {
      this.#mpi.gone.add(rank);
      this.#relay(line, rank);
    } else if (word === "dead") {
      this.#end(rank);
    }
  }

  #noteEnd(rank: number): void {
    if (!this.#mpi.gone.has(rank)) {
      this.#relay(`dead ${rank}`, rank);
      this.#end(rank);
    }
  }

  /** Rank 0 is the only one that all others hear. */
  #relay(line: string, about: number): void {
    if (this.#mpi.rank === 0) {
      this.#tell(line, about);
    }
  }

  #tell(line: string, about?: number): void {
    for (const [rank, socket] of this.#lines) {
      if (rank !== about) {
        socket.write(`${line}\n`);
      }
    }
  }

  #end(dead: number): void {
    if (this.#ending || this.#mpi.ended) {
      return;
    }
    this.#ending = true;
    const { rank, size } = this.#mpi;
    console.error(
      `distributed: rank ${dead} of ${size} has died; rank ${rank} ends as well. With backupAndRestore among the callbacks, ` +
        "starting the job again goes on from the last backup",
    );
    // What is written goes out before the launcher kills all.
    setTimeout(() => this.#mpi.abort(1), 100);
  }
}
