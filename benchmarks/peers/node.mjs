// `ws` with the official parser of Microsoft's JavaScript SDK; what is parsed is neither stored nor printed.
// node node.mjs PORT
import { StreamingData } from "@azure/communication-call-automation";
import { WebSocketServer } from "ws";

let finals = 0;

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
server.on("connection", (socket) => {
  socket.on("message", (message) => {
    const packet = StreamingData.parse(message.toString());
    if (StreamingData.getStreamingKind() === "TranscriptionData" && packet.resultState === "Final") finals += 1;
  });
  socket.on("error", () => socket.terminate());
});
process.on("SIGTERM", () => process.exit(0));
