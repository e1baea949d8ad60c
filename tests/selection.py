"""Which tests are slow, which need a browser, and which run on SQLite only: one place for all of them.

`./run_tests.sh --quick` leaves out the slow ones. A slow test in a quick file has `@pytest.mark.slow` itself."""

#: They drive a browser through the built page.
BROWSER = ("tests/web/",)

#: They talk to real servers in processes of their own, where no coverage is measured either.
REAL_SERVERS = (
    *BROWSER,
    "tests/faults/",
    "tests/security/",
    "tests/jobs/api/",
    "tests/library/api/",
    "tests/minutes/api/",
    "tests/admin/test_operations.py",
    "tests/admin/test_storage.py",
    "tests/admin/test_system.py",
    "tests/test_create_super_admin.py",
    "tests/test_deploy.py",
    "tests/test_migrations.py",
    "tests/test_setup.py",
)

#: Measured as the slowest files (CPU time of each test): real weights, neural networks and FFmpeg.
SLOW = (
    *REAL_SERVERS,
    "tests/benchmarks/",
    "tests/engines/test_funasr.py",
    "tests/engines/test_funasr_failures.py",
    "tests/engines/test_linkage.py",
    "tests/engines/test_onnx_parts.py",
    "tests/engines/test_punctuation.py",
    "tests/engines/test_pyannote.py",
    "tests/engines/test_pyannote_pipeline.py",
    "tests/engines/test_whisper.py",
    "tests/minutes/test_injections.py",
    "tests/minutes/test_shared_endpoints.py",
    "tests/recordings/test_decoder_check.py",
    "tests/recordings/test_known_bursts.py",
    "tests/recordings/test_media.py",
    "tests/recordings/test_media_errors.py",
    "tests/recordings/test_media_failures.py",
    "tests/recordings/test_playlists.py",
    "tests/recordings/test_reported_cases.py",
    "tests/recordings/test_stream_changes.py",
    "tests/recordings/test_silk.py",
    "tests/recordings/test_unsupported_formats.py",
    "tests/test_real_meeting.py",
    "tests/test_schema_drift.py",
    "tests/test_shell.py",
    "tests/weights/test_int8.py",
    "tests/weights/test_npm_registry.py",
    "tests/weights/test_pyannote_checkpoints.py",
    "tests/weights/test_whisper_ctranslate2.py",
)

#: Their queries are plain and mean the same in every dialect, or the services below them are tested on every database.
#: What decides something by its dialect stays out of this list: locks, races, upserts, searches, migrations, sweepers.
SQLITE_ONLY = (
    "tests/accounts/test_account.py",
    "tests/accounts/test_dependencies.py",
    "tests/accounts/test_google.py",
    "tests/accounts/test_keys.py",
    "tests/accounts/test_registration.py",
    "tests/accounts/test_second_factor.py",
    "tests/exports/",
    "tests/minutes/test_endpoints.py",
    "tests/recordings/api/",
    "tests/recordings/test_upload_receiver.py",
    "tests/security/test_bodies.py",
    "tests/security/test_timing.py",
    "tests/shares/test_links.py",
    "tests/shares/test_visitors.py",
    "tests/test_middleware.py",
    "tests/transcripts/test_api.py",
)
