"""FastAPI alone with the same models: the cost of any FastAPI service before it has done anything."""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

app = FastAPI()


class Params(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    size: float = 2
    location: tuple[float, float, float] = (0, 0, 0)


class Answer(BaseModel):
    status: str
    result: Params


@app.post("/echo", status_code=201)
async def echo(params: Params) -> Answer:
    return Answer(status="success", result=params)
