"""In which numbers a network multiplies."""

from typing import Any

import pytest
import torch

from backend.engines.ports import Precision
from backend.engines.precision import narrow, narrow_products


class Machine:
    """Says what the processor and the GPU multiply by themselves."""

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
def test_auto_asks_the_device_that_will_multiply(
    monkeypatch: pytest.MonkeyPatch, has: dict[str, bool], device: str, expected: bool
) -> None:
    Machine(monkeypatch, **has)

    assert narrow("auto", device) is expected


@pytest.mark.parametrize(("wanted", "expected"), [("float32", False), ("bfloat16", True)])
@pytest.mark.parametrize("has", [{}, {"avx": True, "gpu": True}], ids=str)
def test_what_is_asked_for_by_name_is_done_on_any_machine(
    monkeypatch: pytest.MonkeyPatch, has: dict[str, bool], wanted: Precision, expected: bool
) -> None:
    Machine(monkeypatch, **has)

    assert (narrow(wanted, "cpu"), narrow(wanted, "cuda")) == (expected, expected)


def test_only_the_products_are_narrow() -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.LayerNorm(64), torch.nn.Linear(64, 128), torch.nn.ReLU(), _Twice(128))
    given = torch.randn(5, 7, 64)
    seen: list[Any] = []
    network[3].register_forward_pre_hook(lambda _part, found: seen.append(found[0].dtype))
    with torch.no_grad():
        before = network(given)

        narrow_products(network)
        after = network(given)

    kept = {part: value.dtype for part, value in network.named_parameters()}
    assert kept.pop("0.weight") == kept.pop("0.bias") == torch.float32
    assert set(kept.values()) == {torch.bfloat16}
    assert seen == [torch.float32] * 2
    assert after.dtype == torch.float32
    assert not torch.equal(after, before)
    assert torch.nn.functional.cosine_similarity(after.flatten(), before.flatten(), dim=0) > 0.9999


class _Twice(torch.nn.Module):
    """Asked by another name than forward, as the decoder of hotwords is."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(width, width)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return self.again(self.layer(given))

    def again(self, given: torch.Tensor) -> torch.Tensor:
        return self.layer(given) + given
