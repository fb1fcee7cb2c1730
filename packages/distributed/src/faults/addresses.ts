import { once } from "node:events";
import type { connect, Socket } from "node:net";
import { networkInterfaces } from "node:os";

const connectMs = 5000;

/** Addresses of this machine that others may reach. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ internal, family }) => !internal && family === "IPv4").map(({ address }) => address);
}

/** A connection to the first address that takes one; undefined where none does. */
export async function firstThatAnswers(
  addresses: readonly string[],
  port: number,
  open: typeof connect,
): Promise<Socket | undefined> {
  for (const host of addresses) {
    const socket = open({ host, port, timeout: connectMs });
    socket.once("timeout", () => socket.destroy(new Error("timeout")));
    try {
      await once(socket, "connect");
      socket.setTimeout(0);
      return socket;
    } catch {
      socket.destroy();
    }
  }
  return undefined;
}
