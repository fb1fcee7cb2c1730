/** The program of a participant's own process. It ends when its parent hangs up. */

import { isUnavailable } from "../backends/isUnavailable.js";
import { type Call, ParticipantHost } from "./messages.js";
import { openParticipant } from "./openParticipant.js";

const host = new ParticipantHost(openParticipant, isUnavailable);

process.on("message", (call: Call) => {
  void host.handle(call, (answer) => process.send?.(answer));
});
process.on("disconnect", () => process.exit());
// The terminal's Ctrl+C reaches the parent as well, which then hangs up.
process.on("SIGINT", () => undefined);
