import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { ArgumentError } from "@convoy/core";
import sirv from "sirv";

/** The page as it was built; found from src as well. */
const folder = fileURLToPath(new URL("../../dist/page", import.meta.url));

/** What lets a page share memory between threads. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
} as const;

/** The page under an address. */
export interface ServedPage {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the page to this machine alone. Rejects with `ArgumentError` where the port is taken or not allowed.
 * @param port 0 takes any that is free
 */
export async function servePage(port: number): Promise<ServedPage> {
  const files = sirv(folder, {
    setHeaders: (response) => {
      for (const [name, value] of Object.entries(isolation)) {
        response.setHeader(name, value);
      }
    },
  });
  const server = createServer((request, response) => files(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(refused(port, error)));
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Why a page cannot be served at a port. */
export function refused(port: number, error: NodeJS.ErrnoException): Error {
  const reason = { EADDRINUSE: "is in use", EACCES: "is not for everybody (below 1024 it takes an administrator)" }[
    error.code ?? ""
  ];
  return reason === undefined ? error : new ArgumentError(`--port ${port} ${reason}; choose another, or 0 for any`);
}
