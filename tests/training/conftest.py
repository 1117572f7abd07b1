"""One thread for torch: small tensors gain nothing from more, and threads that wait slow a busy machine down."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
