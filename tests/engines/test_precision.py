"""The number format of a network's matrix products."""

from typing import Any

import pytest
import torch

from backend.engines.precision import multiply_in_bfloat16, use_bfloat16
from backend.engines.protocols import Precision


class Machine:
    """Fakes the hardware support of the CPU and the GPU."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, avx: bool = False, amx: bool = False, gpu: bool = False):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
        monkeypatch.setattr(
            torch.cuda, "is_bf16_supported", lambda including_emulation: gpu and not including_emulation
        )


@pytest.mark.parametrize(
    ("has", "device", "expected"),
    [
        ({}, "cpu", False),
        ({"gpu": True}, "cpu", False),
        ({"avx": True}, "cpu", True),
        ({"amx": True}, "cpu", True),
        ({"avx": True, "amx": True}, "cuda", False),
        ({"gpu": True}, "cuda", True),
    ],
    ids=str,
)
def test_auto_depends_on_the_device(
    monkeypatch: pytest.MonkeyPatch, has: dict[str, bool], device: str, expected: bool
) -> None:
    Machine(monkeypatch, **has)

    assert use_bfloat16("auto", device) is expected


@pytest.mark.parametrize(("precision", "expected"), [("float32", False), ("bfloat16", True)])
@pytest.mark.parametrize("has", [{}, {"avx": True, "gpu": True}], ids=str)
def test_an_explicit_precision_is_used_on_any_machine(
    monkeypatch: pytest.MonkeyPatch, has: dict[str, bool], precision: Precision, expected: bool
) -> None:
    Machine(monkeypatch, **has)

    assert (use_bfloat16(precision, "cpu"), use_bfloat16(precision, "cuda")) == (expected, expected)


def test_only_matrix_products_are_in_bfloat16() -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.LayerNorm(64), torch.nn.Linear(64, 128), torch.nn.ReLU(), _Twice(128))
    inputs = torch.randn(5, 7, 64)
    seen: list[Any] = []
    network[3].register_forward_pre_hook(lambda _part, found: seen.append(found[0].dtype))
    with torch.no_grad():
        before = network(inputs)

        multiply_in_bfloat16(network)
        after = network(inputs)

    dtypes = {part: value.dtype for part, value in network.named_parameters()}
    assert dtypes.pop("0.weight") == dtypes.pop("0.bias") == torch.float32
    assert set(dtypes.values()) == {torch.bfloat16}
    assert seen == [torch.float32] * 2
    assert after.dtype == torch.float32
    assert not torch.equal(after, before)
    assert torch.nn.functional.cosine_similarity(after.flatten(), before.flatten(), dim=0) > 0.9999


class _Twice(torch.nn.Module):
    """Is called by another method than forward, like the decoder of hotwords."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(width, width)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.again(self.layer(inputs))

    def again(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.layer(inputs) + inputs
