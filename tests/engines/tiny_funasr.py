"""Builds SeACo Paraformer and CT-Transformer folders with random weights in the published layout: tiny for tests, of
the real size for benchmarks."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from backend.engines.torchaudio_compat import ensure_torchaudio

CHARACTERS = (
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家十用发天如"
    "然作方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只主没公从"
)
TOKENS = ["<blank>", "<s>", "</s>", *CHARACTERS, "hel@@", "lo", "ok", "<unk>"]
MARKS = ["<unk>", "_", "，", "。", "？", "、"]


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a network, and its tokens."""

    width: int = 32
    heads: int = 2
    units: int = 32  #: of the layer between two layers
    blocks: int = 2  #: of the encoder
    heard: int = 1  #: blocks of the decoder
    hinted: int = 2  #: blocks of the decoder of hotwords
    hint_units: int = 32
    tokens: Sequence[str] = tuple(TOKENS)


TINY = Size()
#: The size of the published SeACo Paraformer. The cost of a network does not depend on its weights.
LARGE = Size(
    width=512,
    heads=4,
    units=2048,
    blocks=50,
    heard=16,
    hinted=6,
    hint_units=1024,
    tokens=("<blank>", "<s>", "</s>", *(chr(0x4E00 + index) for index in range(8400)), "<unk>"),
)
TINY_PUNCTUATION = Size(width=16, blocks=1)
LARGE_PUNCTUATION = Size(width=256, heads=8, units=1024, blocks=4)


def _layers(size: Size) -> dict[str, Any]:
    return {
        "dropout_rate": 0.0,
        "positional_dropout_rate": 0.0,
        "attention_heads": size.heads,
        "linear_units": size.units,
        "sanm_shfit": 0,  # (as the library spells it)
    }


def _encoder(size: Size) -> dict[str, Any]:
    return _layers(size) | {
        "output_size": size.width,
        "attention_dropout_rate": 0.0,
        "num_blocks": size.blocks,
        "input_layer": "pe",
        "pos_enc_class": "SinusoidalPositionEncoder",
        "normalize_before": True,
        "kernel_size": 11,
        "selfattention_layer_type": "sanm",
    }


def _decoder(size: Size) -> dict[str, Any]:
    return _layers(size) | {"self_attention_dropout_rate": 0.0, "src_attention_dropout_rate": 0.0}


def build_models(folder: Path, shared: Path) -> Path:
    """A folder with these two models and the real VAD."""
    build_recogniser(folder / "seaco-paraformer")
    build_punctuation(folder / "ct-punc")
    (folder / "fsmn-vad").symlink_to((shared / "models" / "fsmn-vad").resolve())
    return folder


def build_recogniser(folder: Path, rate: float = 0.25, size: Size = TINY) -> None:
    """A SeACo Paraformer that recognises about `rate` characters every 60 milliseconds in any speech."""
    config: dict[str, Any] = {
        "model": "SeacoParaformer",
        "model_conf": {
            "ctc_weight": 0.0,
            "lsm_weight": 0.1,
            "length_normalized_loss": True,
            "predictor_weight": 1.0,
            "predictor_bias": 1,
            "sampling_ratio": 0.75,
            "inner_dim": size.width,
            "bias_encoder_type": "lstm",
            "bias_encoder_bid": False,
            "seaco_lsm_weight": 0.1,
            "seaco_length_normal": True,
            "train_decoder": True,
            "NO_BIAS": len(size.tokens) - 1,
        },
        "encoder": "SANMEncoder",
        "encoder_conf": _encoder(size),
        "decoder": "ParaformerSANMDecoder",
        "decoder_conf": _decoder(size) | {"num_blocks": size.heard, "att_layer_num": size.heard, "kernel_size": 11},
        "seaco_decoder": "ParaformerSANMDecoder",
        "seaco_decoder_conf": _decoder(size)
        | {
            "linear_units": size.hint_units,
            "num_blocks": size.hinted,
            "kernel_size": 21,
            "use_output_layer": False,
            "wo_input_layer": True,
        },
        "predictor": "CifPredictorV3",
        "predictor_conf": {
            "idim": size.width,
            "threshold": 1.0,
            "l_order": 1,
            "r_order": 1,
            "tail_threshold": 0.45,
            "smooth_factor2": 0.25,
            "noise_threshold2": 0.01,
            "upsample_times": 3,
            "use_cif1_cnn": False,
            "upsample_type": "cnn_blstm",
        },
        "frontend": "WavFrontend",
        "frontend_conf": {
            "fs": 16000,
            "window": "hamming",
            "n_mels": 80,
            "frame_length": 25,
            "frame_shift": 10,
            "lfr_m": 7,
            "lfr_n": 6,
            "dither": 0.0,
        },
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
    }
    folder.mkdir(parents=True)
    (folder / "seg_dict").write_text("".join(f"{token} {token}\n" for token in size.tokens[3:-1]))
    (folder / "am.mvn").write_text(_normalisation(560))

    def speak_at_rate(model: Any) -> None:
        model.predictor.cif_output.weight.mul_(0.1)
        model.predictor.cif_output.bias.fill_(math.log(rate / (1 - rate)))

    _write(folder, config, size.tokens, speak_at_rate)


def build_punctuation(folder: Path, size: Size = TINY_PUNCTUATION) -> None:
    """A CT-Transformer that puts a mark after some words."""
    config: dict[str, Any] = {
        "model": "CTTransformer",
        "model_conf": {
            "ignore_id": 0,
            "embed_unit": size.width,
            "att_unit": size.width,
            "dropout_rate": 0.0,
            "punc_list": MARKS,
            "punc_weight": [1.0] * len(MARKS),
            "sentence_end_id": 3,
        },
        "encoder": "SANMEncoder",
        "encoder_conf": _encoder(size) | {"input_size": size.width, "padding_idx": 0},
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>"},
    }
    folder.mkdir(parents=True)

    def prefer_no_mark(model: Any) -> None:
        model.decoder.weight.mul_(6.0)
        model.decoder.bias.copy_(torch.tensor([-50.0, 6.0, 0.0, 0.0, 0.0, 0.0]))

    _write(folder, config, size.tokens, prefer_no_mark)


def _write(folder: Path, config: dict[str, Any], tokens: Sequence[str], shape: Any) -> None:
    ensure_torchaudio()
    from funasr import AutoModel

    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    (folder / "tokens.json").write_text(json.dumps(tokens, ensure_ascii=False))
    build = json.loads(json.dumps(config))
    build["tokenizer_conf"]["token_list"] = str(folder / "tokens.json")
    if "frontend" in build:
        build["tokenizer_conf"]["seg_dict"] = str(folder / "seg_dict")
        build["frontend_conf"]["cmvn_file"] = str(folder / "am.mvn")
    # with a model_conf the library builds the model itself instead of reading a folder
    model, _ = AutoModel.build_model(device="cpu", seed=0, ncpu=1, **build)
    with torch.no_grad():
        shape(model)
    torch.save(model.state_dict(), folder / "model.pt")


def _normalisation(width: int) -> str:
    shift, scale = " ".join(["-10.0"] * width), " ".join(["0.2"] * width)
    return (
        f"<Nnet>\n<Splice> {width} {width}\n[ 0 ]\n"
        f"<AddShift> {width} {width}\n<LearnRateCoef> 0 [ {shift} ]\n"
        f"<Rescale> {width} {width}\n<LearnRateCoef> 0 [ {scale} ]\n</Nnet>\n"
    )
