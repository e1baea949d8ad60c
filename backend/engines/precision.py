"""In which numbers a network multiplies: float32, or bfloat16 where the machine has it and it was asked for."""

from typing import Any

import torch

from backend.engines.ports import Precision


def narrow(wanted: Precision, device: str) -> bool:
    """Whether to multiply in bfloat16. `auto` asks the machine: one that only plays at it is faster with float32."""
    return wanted == "bfloat16" or (wanted == "auto" and _multiplies_bfloat16(device))


def narrow_products(network: torch.nn.Module) -> None:
    """From now on every matrix of this network is multiplied in bfloat16, and held in it. All between the products
    (sums, norms, the softmax of attention) stays float32, as does what goes in and comes out."""
    for layer in network.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.to(torch.bfloat16)
            layer.register_forward_pre_hook(_narrowed)
            layer.register_forward_hook(_widened)


def _narrowed(_layer: Any, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return tuple(part.to(torch.bfloat16) for part in given)


def _widened(_layer: Any, _given: Any, found: torch.Tensor) -> torch.Tensor:
    return found.float()


def _multiplies_bfloat16(device: str) -> bool:
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
