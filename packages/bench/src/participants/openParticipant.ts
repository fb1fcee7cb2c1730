import { openBackend } from "../backends/backends.js";
import type { PeerName } from "../peers/peers.js";
import { buildModel, type Workload } from "../training/workload.js";
import { BackendParticipant } from "./backendParticipant.js";
import type { Participant } from "./participant.js";
import { StepParticipant } from "./stepParticipant.js";

/** Who is to take part. */
export type Entry =
  /** The name of a backend that comes with Convoy, or the path or package of another. */
  { readonly kind: "backend"; readonly choice: string } | { readonly kind: "peer"; readonly choice: PeerName };

/** Puts a workload on a backend or peer. */
export type OpenParticipant = (entry: Entry, workload: Workload) => Promise<Participant>;

/**
 * Opens a backend or peer in this process. Rejects with an error whose message stands in the table: not installed, no driver,
 * no adapter.
 */
export const openParticipant: OpenParticipant = async ({ kind, choice }, workload) => {
  if (kind === "backend") {
    const { threads } = workload;
    const backend = await openBackend(choice, threads === undefined ? {} : { threads });
    try {
      return new BackendParticipant(backend, workload);
    } catch (error) {
      await backend.dispose();
      throw error;
    }
  }
  const { peers } = await import("../peers/peers.js");
  const weights = await buildModel(workload).getWeights();
  return new StepParticipant(choice, await peers[choice].open({ ...workload, weights }), workload);
};
