/** What the host calls. */
export { run } from "./program";
