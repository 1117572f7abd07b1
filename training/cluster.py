"""Connecting to a Dask cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shicho.engine.errors import BadConfig


@contextmanager
def dask_executor(address: str) -> Iterator[Any]:
    """Provide the workers of a Dask cluster as an executor with `submit`. Raises BadConfig if it cannot be reached."""
    try:
        from distributed import Client
    except ImportError:
        raise BadConfig("--scheduler needs Dask: pip install 'shicho[cluster]'") from None
    try:
        client = Client(address, timeout=20)
    except (OSError, ValueError) as error:
        raise BadConfig(f"--scheduler {address}: {error}") from None
    with client:
        # Impure: the same arguments again mean the same work again, not a result that Dask remembers.
        yield client.get_executor(pure=False)
