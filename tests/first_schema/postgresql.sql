CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.jobs (
    id character varying(32) NOT NULL,
    owner_id character varying(32) NOT NULL,
    recording_id character varying(32) NOT NULL,
    options json NOT NULL,
    status character varying(16) NOT NULL,
    stage character varying(16),
    attempt integer NOT NULL,
    failures integer NOT NULL,
    runner character varying(64),
    progress json NOT NULL,
    eta_seconds double precision,
    warnings json NOT NULL,
    error_code character varying(64),
    error_detail text,
    created_at timestamp without time zone NOT NULL,
    not_before timestamp without time zone NOT NULL,
    started_at timestamp without time zone,
    beat_at timestamp without time zone,
    finished_at timestamp without time zone
);
CREATE TABLE public.queue_gate (
    id integer NOT NULL,
    moves integer NOT NULL
);
CREATE TABLE public.recordings (
    id character varying(32) NOT NULL,
    owner_id character varying(32) NOT NULL,
    name character varying(255) NOT NULL,
    extension character varying(16) NOT NULL,
    size bigint NOT NULL,
    sha256 character varying(64) NOT NULL,
    duration double precision,
    created_at timestamp without time zone NOT NULL
);
CREATE TABLE public.transcripts (
    id character varying(32) NOT NULL,
    recording_id character varying(32) NOT NULL,
    owner_id character varying(32) NOT NULL,
    job_id character varying(32),
    number integer NOT NULL,
    origin character varying(16) NOT NULL,
    author_id character varying(32),
    document json NOT NULL,
    text text NOT NULL,
    mirrored boolean NOT NULL,
    created_at timestamp without time zone NOT NULL
);
CREATE TABLE public.users (
    id character varying(32) NOT NULL,
    username character varying(64) NOT NULL,
    username_key character varying(128) NOT NULL,
    password_hash character varying(255),
    role character varying(16) NOT NULL,
    active boolean NOT NULL,
    token_epoch integer NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL
);
INSERT INTO public.alembic_version VALUES ('0001');
INSERT INTO public.jobs VALUES ('d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0', 'a1b2c3d4e5f60718293a4b5c6d7e8f90', '11112222333344445555666677778888', '{"hotwords": ["火山引擎"]}', 'done', 'merge', 2, 1, NULL, '{"merge": [3605.2, 3605.2]}', NULL, '[]', NULL, NULL, '2026-01-08 07:00:00.5', '2026-01-08 07:00:00.5', '2026-01-08 07:00:01', '2026-01-08 07:30:00', '2026-01-08 07:30:00');
INSERT INTO public.jobs VALUES ('e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0', 'a1b2c3d4e5f60718293a4b5c6d7e8f90', '11112222333344445555666677778888', '{}', 'queued', NULL, 0, 0, NULL, '{}', NULL, '[]', NULL, NULL, '2026-01-09 07:00:00', '2026-01-09 07:00:00', NULL, NULL, NULL);
INSERT INTO public.queue_gate VALUES (1, 7);
INSERT INTO public.recordings VALUES ('11112222333344445555666677778888', 'a1b2c3d4e5f60718293a4b5c6d7e8f90', '三月 周会 😀.m4a', 'm4a', 5368709120, '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', 3605.25, '2026-01-08 07:00:00.5');
INSERT INTO public.transcripts VALUES ('cafecafecafecafecafecafecafecafe', '11112222333344445555666677778888', 'a1b2c3d4e5f60718293a4b5c6d7e8f90', 'd0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0', 1, 'machine', NULL, '{"duration": 3605.25, "language": "zh", "engines": {}, "segments": [{"id": "p1", "start": 0.5, "end": 2.0, "text": "今天我们开会。", "speaker": "S1", "words": [], "overlap": false, "second_speaker": null, "confidence": null, "source": "machine", "error": null}], "speakers": [{"id": "S1", "name": null}]}', '今天我们开会。', true, '2026-01-08 07:30:00');
INSERT INTO public.users VALUES ('a1b2c3d4e5f60718293a4b5c6d7e8f90', '张三', '张三', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA', 'super_admin', true, 2, '2026-01-05 08:30:00.123456', '2026-01-06 09:00:00.000001');
INSERT INTO public.users VALUES ('b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0', 'Bob', 'bob', NULL, 'user', false, 0, '2026-01-07 10:00:00', '2026-01-07 10:00:00');
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT pk_jobs PRIMARY KEY (id);
ALTER TABLE ONLY public.queue_gate
    ADD CONSTRAINT pk_queue_gate PRIMARY KEY (id);
ALTER TABLE ONLY public.recordings
    ADD CONSTRAINT pk_recordings PRIMARY KEY (id);
ALTER TABLE ONLY public.transcripts
    ADD CONSTRAINT pk_transcripts PRIMARY KEY (id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT pk_users PRIMARY KEY (id);
ALTER TABLE ONLY public.transcripts
    ADD CONSTRAINT uq_transcripts_recording_id_number UNIQUE (recording_id, number);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT uq_users_username_key UNIQUE (username_key);
CREATE INDEX ix_jobs_owner_id_created_at ON public.jobs USING btree (owner_id, created_at);
CREATE INDEX ix_jobs_owner_id_started_at ON public.jobs USING btree (owner_id, started_at);
CREATE INDEX ix_jobs_recording_id ON public.jobs USING btree (recording_id);
CREATE INDEX ix_jobs_status_finished_at ON public.jobs USING btree (status, finished_at);
CREATE INDEX ix_jobs_status_owner_id_created_at ON public.jobs USING btree (status, owner_id, created_at);
CREATE INDEX ix_recordings_owner_id_created_at ON public.recordings USING btree (owner_id, created_at);
CREATE INDEX ix_transcripts_mirrored ON public.transcripts USING btree (mirrored);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT fk_jobs_owner_id FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT fk_jobs_recording_id FOREIGN KEY (recording_id) REFERENCES public.recordings(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.recordings
    ADD CONSTRAINT fk_recordings_owner_id FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.transcripts
    ADD CONSTRAINT fk_transcripts_owner_id FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.transcripts
    ADD CONSTRAINT fk_transcripts_recording_id FOREIGN KEY (recording_id) REFERENCES public.recordings(id) ON DELETE CASCADE;
