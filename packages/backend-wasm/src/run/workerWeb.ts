import { serve } from "./serve.js";

const handle = serve((message) => globalThis.postMessage(message));
globalThis.onmessage = (event: MessageEvent) => {
  void handle(event.data);
};
