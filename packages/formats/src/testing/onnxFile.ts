import { GraphWriter, portMessage } from "../onnx/writing/graphWriter.js";
import { MessageWriter } from "../onnx/writing/messageWriter.js";

/** An ONNX file in which `write` makes what goes out of "x". */
export function onnxFile(shape: readonly number[], write: (graph: GraphWriter) => string, opset = 13): Uint8Array {
  const graph = new GraphWriter();
  graph.unique("x");
  const [y] = graph.node("Identity", [write(graph)], {}, "y");
  const output = new MessageWriter()
    .text(1, y!)
    .message(2, new MessageWriter().message(1, new MessageWriter().integer(1, 1)));
  return new MessageWriter()
    .integer(1, 8)
    .message(7, graph.graph("file", [portMessage("x", shape)], [output]))
    .message(8, new MessageWriter().text(1, "").integer(2, opset))
    .finish();
}
