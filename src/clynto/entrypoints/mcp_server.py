"""The server that assistants speak to over standard input and output (Model Context Protocol)."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import Any

import anyio
import anyio.to_thread
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from clynto.domain.errors import UnexpectedFault
from clynto.entrypoints.mcp_answers import document_of_error
from clynto.entrypoints.mcp_tools import (
    CALLS,
    INSTRUCTIONS,
    AssistantServices,
    call_tool,
    resource_text,
    resources,
    tools,
)

_LOG = logging.getLogger("clynto.mcp")
_Context = ServerRequestContext[Any]


def server_of(services: AssistantServices) -> Server[Any]:
    """The server over one token's view of the product. Calls run in threads, since the database blocks."""

    async def list_tools(_: _Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools())

    async def list_resources(_: _Context, __: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=resources())

    async def read_resource(_: _Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        text = resource_text(params.uri)
        if text is None:
            raise MCPError(types.INVALID_PARAMS, "There is no such resource.")
        return types.ReadResourceResult(contents=[types.TextResourceContents(uri=params.uri, text=text)])

    async def call(_: _Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        if params.name not in CALLS:
            raise MCPError(types.INVALID_PARAMS, "There is no such tool.")
        try:
            return await anyio.to_thread.run_sync(call_tool, services, params.name, params.arguments or {})
        except Exception:  # noqa: BLE001 - the outermost edge: whoever asks gets an answer that leaks nothing
            _LOG.exception("a tool failed", extra={"tool": params.name})
            document = document_of_error(UnexpectedFault())
            return types.CallToolResult(
                content=[types.TextContent(text=str(document["detail"]))], structured_content=document, is_error=True
            )

    return Server(
        "clynto",
        version=version("clynto"),
        title="Clynto billing",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
        on_call_tool=call,
    )


def serve_over_standard_streams(services: AssistantServices) -> None:
    """Until standard input ends."""

    async def serve() -> None:
        server = server_of(services)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(serve)
