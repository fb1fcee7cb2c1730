import { fork } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Answer } from "./messages.js";
import type { OpenParticipant } from "./openParticipant.js";
import { type Channel, RemoteParticipant } from "./remoteParticipant.js";

const ownProgram = fileURLToPath(new URL("./processMain.js", import.meta.url));
/** Milliseconds that a process has to end by itself. */
const patienceMs = 3000;
/** Milliseconds in which what a process wrote last arrives. */
const lastWordsMs = 50;

/**
 * Opens a backend or peer in a process of its own: what one library leaves behind, prints or breaks touches no other, and the
 * memory is its own. Nothing that it writes is shown; the last line of its error output is the reason if it breaks down.
 */
export const openInProcess: OpenParticipant = (entry, workload) => openIn(ownProgram)(entry, workload);

/** The same with the program of another version. */
export function openIn(program: string): OpenParticipant {
  return (entry, workload) => RemoteParticipant.open(startProcess(program), entry, workload);
}

function startProcess(program: string): Channel {
  const child = fork(program, [], { serialization: "advanced", stdio: ["ignore", "ignore", "pipe", "ipc"] });
  const exited = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  let complaints = "";
  let expected = false;
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    // The end is enough, and a library may write a line a step.
    complaints = (complaints + text).slice(-4096);
  });
  child.on("error", () => undefined); // `exit` follows.
  return {
    send: (call) => child.send(call),
    onAnswer: (listener) => child.on("message", (message) => listener(message as Answer)),
    onFailure(listener) {
      child.on("exit", async (status, signal) => {
        if (!expected) {
          await setTimeout(lastWordsMs);
          const last = complaints.trimEnd().split("\n").at(-1);
          listener(`its process ended with ${signal ?? `status ${status}`}${last ? `: ${last}` : ""}`);
        }
      });
    },
    async close() {
      expected = true;
      if (child.connected) {
        child.disconnect();
      }
      await Promise.race([exited, setTimeout(patienceMs, undefined, { ref: false })]);
      child.kill("SIGKILL"); // Nothing happens where it has ended.
    },
  };
}
