"""The number format of a network's matrix products: float32, or bfloat16 where it is requested and supported."""

from typing import Any

import torch

from backend.engines.protocols import Precision


def use_bfloat16(precision: Precision, device: str) -> bool:
    """Whether to multiply in bfloat16. For `auto` only where the hardware supports it: emulated, it is slower than
    float32."""
    return precision == "bfloat16" or (precision == "auto" and _supports_bfloat16(device))


def multiply_in_bfloat16(network: torch.nn.Module) -> None:
    """Convert the linear layers of a network to bfloat16. Everything between them (sums, norms, the softmax of
    attention) stays float32, as do its inputs and outputs."""
    for layer in network.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.to(torch.bfloat16)
            layer.register_forward_pre_hook(_to_bfloat16)
            layer.register_forward_hook(_to_float32)


def _to_bfloat16(_layer: Any, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return tuple(tensor.to(torch.bfloat16) for tensor in inputs)


def _to_float32(_layer: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
    return output.float()


def _supports_bfloat16(device: str) -> bool:
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
