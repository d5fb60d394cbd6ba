"""FastAPI on uvicorn: each packet comes from `receive_json` and is validated by a pydantic model.
`python -m benchmarks.peers.fastapi_sockets PORT nothing|DATABASE`

With a database, each final is committed on its own through SQLAlchemy's asynchronous sessions, to SQLite with
`synchronous=NORMAL`: less than what the product promises.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import BigInteger, event
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DATABASE = None if sys.argv[2:] == ["nothing"] else sys.argv[2]


class Word(BaseModel):
    text: str
    offset: int
    duration: int | None = None


class Data(BaseModel):
    text: str
    format: str
    confidence: float
    offset: int
    duration: int
    words: list[Word]
    participantRawID: str
    resultStatus: str


class Metadata(BaseModel):
    subscriptionId: str
    locale: str


class Packet(BaseModel):
    kind: Literal["TranscriptionData", "TranscriptionMetadata"]
    transcriptionData: Data | None = None
    transcriptionMetadata: Metadata | None = None


class Table(DeclarativeBase):
    pass


class Segment(Table):
    __tablename__ = "segments"
    id: Mapped[int] = mapped_column(primary_key=True)
    participant: Mapped[str]
    text: Mapped[str]
    offset: Mapped[int] = mapped_column(BigInteger)
    duration: Mapped[int] = mapped_column(BigInteger)
    words: Mapped[str]


engine = create_async_engine(f"sqlite+aiosqlite:///{DATABASE}") if DATABASE else None
sessions = async_sessionmaker(engine) if engine else None
words_of = TypeAdapter(list[Word])


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    if engine is not None:

        @event.listens_for(engine.sync_engine, "connect")
        def _pragmas(connection, _record) -> None:  # type: ignore[no-untyped-def]
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")

        async with engine.begin() as connection:
            await connection.run_sync(Table.metadata.create_all)
    yield


app = FastAPI(lifespan=lifespan)


@app.websocket("/{path:path}")
async def packets(socket: WebSocket, path: str) -> None:
    await socket.accept()
    try:
        while True:
            packet = Packet.model_validate(await socket.receive_json())
            data = packet.transcriptionData
            if sessions is not None and data is not None and data.resultStatus == "Final":
                async with sessions() as session:
                    session.add(
                        Segment(
                            participant=data.participantRawID,
                            text=data.text,
                            offset=data.offset,
                            duration=data.duration,
                            words=words_of.dump_json(data.words).decode(),
                        )
                    )
                    await session.commit()
    except WebSocketDisconnect:
        return


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", ws="websockets-sansio", loop="uvloop",
        ws_per_message_deflate=False, backlog=4096, timeout_graceful_shutdown=1,
    )  # fmt: skip
