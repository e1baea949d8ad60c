BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE jobs (
	id VARCHAR(32) NOT NULL, 
	owner_id VARCHAR(32) NOT NULL, 
	recording_id VARCHAR(32) NOT NULL, 
	options JSON NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	stage VARCHAR(16), 
	attempt INTEGER NOT NULL, 
	failures INTEGER NOT NULL, 
	runner VARCHAR(64), 
	progress JSON NOT NULL, 
	eta_seconds DOUBLE, 
	warnings JSON NOT NULL, 
	error_code VARCHAR(64), 
	error_detail TEXT, 
	created_at DATETIME NOT NULL, 
	not_before DATETIME NOT NULL, 
	started_at DATETIME, 
	beat_at DATETIME, 
	finished_at DATETIME, 
	CONSTRAINT pk_jobs PRIMARY KEY (id), 
	CONSTRAINT fk_jobs_owner_id FOREIGN KEY(owner_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_jobs_recording_id FOREIGN KEY(recording_id) REFERENCES recordings (id) ON DELETE CASCADE
);
INSERT INTO "jobs" VALUES('d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0','a1b2c3d4e5f60718293a4b5c6d7e8f90','11112222333344445555666677778888','{"hotwords": ["火山引擎"]}','done','merge',2,1,NULL,'{"merge": [3605.2, 3605.2]}',NULL,'[]',NULL,NULL,'2026-01-08 07:00:00.500000','2026-01-08 07:00:00.500000','2026-01-08 07:00:01.000000','2026-01-08 07:30:00.000000','2026-01-08 07:30:00.000000');
INSERT INTO "jobs" VALUES('e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0','a1b2c3d4e5f60718293a4b5c6d7e8f90','11112222333344445555666677778888','{}','queued',NULL,0,0,NULL,'{}',NULL,'[]',NULL,NULL,'2026-01-09 07:00:00.000000','2026-01-09 07:00:00.000000',NULL,NULL,NULL);
CREATE TABLE queue_gate (
	id INTEGER NOT NULL, 
	moves INTEGER NOT NULL, 
	CONSTRAINT pk_queue_gate PRIMARY KEY (id)
);
INSERT INTO "queue_gate" VALUES(1,7);
CREATE TABLE recordings (
	id VARCHAR(32) NOT NULL, 
	owner_id VARCHAR(32) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	extension VARCHAR(16) NOT NULL, 
	size BIGINT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	duration DOUBLE, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_recordings PRIMARY KEY (id), 
	CONSTRAINT fk_recordings_owner_id FOREIGN KEY(owner_id) REFERENCES users (id) ON DELETE CASCADE
);
INSERT INTO "recordings" VALUES('11112222333344445555666677778888','a1b2c3d4e5f60718293a4b5c6d7e8f90','三月 周会 😀.m4a','m4a',5368709120,'9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',3605.25,'2026-01-08 07:00:00.500000');
CREATE TABLE transcripts (
	id VARCHAR(32) NOT NULL, 
	recording_id VARCHAR(32) NOT NULL, 
	owner_id VARCHAR(32) NOT NULL, 
	job_id VARCHAR(32), 
	number INTEGER NOT NULL, 
	origin VARCHAR(16) NOT NULL, 
	author_id VARCHAR(32), 
	document JSON NOT NULL, 
	text TEXT(4294967295) NOT NULL, 
	mirrored BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_transcripts PRIMARY KEY (id), 
	CONSTRAINT fk_transcripts_owner_id FOREIGN KEY(owner_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_transcripts_recording_id FOREIGN KEY(recording_id) REFERENCES recordings (id) ON DELETE CASCADE, 
	CONSTRAINT uq_transcripts_recording_id_number UNIQUE (recording_id, number)
);
INSERT INTO "transcripts" VALUES('cafecafecafecafecafecafecafecafe','11112222333344445555666677778888','a1b2c3d4e5f60718293a4b5c6d7e8f90','d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0',1,'machine',NULL,'{"duration": 3605.25, "language": "zh", "engines": {}, "segments": [{"id": "p1", "start": 0.5, "end": 2.0, "text": "今天我们开会。", "speaker": "S1", "words": [], "overlap": false, "second_speaker": null, "confidence": null, "source": "machine", "error": null}], "speakers": [{"id": "S1", "name": null}]}','今天我们开会。',1,'2026-01-08 07:30:00.000000');
CREATE TABLE users (
	id VARCHAR(32) NOT NULL, 
	username VARCHAR(64) NOT NULL, 
	username_key VARCHAR(128) NOT NULL, 
	password_hash VARCHAR(255), 
	role VARCHAR(16) NOT NULL, 
	active BOOLEAN NOT NULL, 
	token_epoch INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (id), 
	CONSTRAINT uq_users_username_key UNIQUE (username_key)
);
INSERT INTO "users" VALUES('a1b2c3d4e5f60718293a4b5c6d7e8f90','张三','张三','$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA','super_admin',1,2,'2026-01-05 08:30:00.123456','2026-01-06 09:00:00.000001');
INSERT INTO "users" VALUES('b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0','Bob','bob',NULL,'user',0,0,'2026-01-07 10:00:00.000000','2026-01-07 10:00:00.000000');
CREATE INDEX ix_recordings_owner_id_created_at ON recordings (owner_id, created_at);
CREATE INDEX ix_jobs_owner_id_created_at ON jobs (owner_id, created_at);
CREATE INDEX ix_jobs_owner_id_started_at ON jobs (owner_id, started_at);
CREATE INDEX ix_jobs_recording_id ON jobs (recording_id);
CREATE INDEX ix_jobs_status_finished_at ON jobs (status, finished_at);
CREATE INDEX ix_jobs_status_owner_id_created_at ON jobs (status, owner_id, created_at);
CREATE INDEX ix_transcripts_mirrored ON transcripts (mirrored);
COMMIT;
