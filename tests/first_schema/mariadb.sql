SET foreign_key_checks = 0;
CREATE TABLE `alembic_version` (
  `version_num` varchar(32) NOT NULL,
  PRIMARY KEY (`version_num`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `alembic_version` VALUES ('0001');
CREATE TABLE `jobs` (
  `id` varchar(32) NOT NULL,
  `owner_id` varchar(32) NOT NULL,
  `recording_id` varchar(32) NOT NULL,
  `options` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL CHECK (json_valid(`options`)),
  `status` varchar(16) NOT NULL,
  `stage` varchar(16) DEFAULT NULL,
  `attempt` int(11) NOT NULL,
  `failures` int(11) NOT NULL,
  `runner` varchar(64) DEFAULT NULL,
  `progress` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL CHECK (json_valid(`progress`)),
  `eta_seconds` double DEFAULT NULL,
  `warnings` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL CHECK (json_valid(`warnings`)),
  `error_code` varchar(64) DEFAULT NULL,
  `error_detail` text DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  `not_before` datetime(6) NOT NULL,
  `started_at` datetime(6) DEFAULT NULL,
  `beat_at` datetime(6) DEFAULT NULL,
  `finished_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_jobs_owner_id_created_at` (`owner_id`,`created_at`),
  KEY `ix_jobs_owner_id_started_at` (`owner_id`,`started_at`),
  KEY `ix_jobs_recording_id` (`recording_id`),
  KEY `ix_jobs_status_finished_at` (`status`,`finished_at`),
  KEY `ix_jobs_status_owner_id_created_at` (`status`,`owner_id`,`created_at`),
  CONSTRAINT `fk_jobs_owner_id` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_jobs_recording_id` FOREIGN KEY (`recording_id`) REFERENCES `recordings` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `jobs` VALUES ('d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0','a1b2c3d4e5f60718293a4b5c6d7e8f90','11112222333344445555666677778888','{\"hotwords\": [\"火山引擎\"]}','done','merge',2,1,NULL,'{\"merge\": [3605.2, 3605.2]}',NULL,'[]',NULL,NULL,'2026-01-08 07:00:00.500000','2026-01-08 07:00:00.500000','2026-01-08 07:00:01.000000','2026-01-08 07:30:00.000000','2026-01-08 07:30:00.000000');
INSERT INTO `jobs` VALUES ('e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0','a1b2c3d4e5f60718293a4b5c6d7e8f90','11112222333344445555666677778888','{}','queued',NULL,0,0,NULL,'{}',NULL,'[]',NULL,NULL,'2026-01-09 07:00:00.000000','2026-01-09 07:00:00.000000',NULL,NULL,NULL);
CREATE TABLE `queue_gate` (
  `id` int(11) NOT NULL,
  `moves` int(11) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `queue_gate` VALUES (1,7);
CREATE TABLE `recordings` (
  `id` varchar(32) NOT NULL,
  `owner_id` varchar(32) NOT NULL,
  `name` varchar(255) NOT NULL,
  `extension` varchar(16) NOT NULL,
  `size` bigint(20) NOT NULL,
  `sha256` varchar(64) NOT NULL,
  `duration` double DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_recordings_owner_id_created_at` (`owner_id`,`created_at`),
  CONSTRAINT `fk_recordings_owner_id` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `recordings` VALUES ('11112222333344445555666677778888','a1b2c3d4e5f60718293a4b5c6d7e8f90','三月 周会 😀.m4a','m4a',5368709120,'9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',3605.25,'2026-01-08 07:00:00.500000');
CREATE TABLE `transcripts` (
  `id` varchar(32) NOT NULL,
  `recording_id` varchar(32) NOT NULL,
  `owner_id` varchar(32) NOT NULL,
  `job_id` varchar(32) DEFAULT NULL,
  `number` int(11) NOT NULL,
  `origin` varchar(16) NOT NULL,
  `author_id` varchar(32) DEFAULT NULL,
  `document` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL CHECK (json_valid(`document`)),
  `text` longtext NOT NULL,
  `mirrored` tinyint(1) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_transcripts_recording_id_number` (`recording_id`,`number`),
  KEY `fk_transcripts_owner_id` (`owner_id`),
  KEY `ix_transcripts_mirrored` (`mirrored`),
  CONSTRAINT `fk_transcripts_owner_id` FOREIGN KEY (`owner_id`) REFERENCES `users` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_transcripts_recording_id` FOREIGN KEY (`recording_id`) REFERENCES `recordings` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `transcripts` VALUES ('cafecafecafecafecafecafecafecafe','11112222333344445555666677778888','a1b2c3d4e5f60718293a4b5c6d7e8f90','d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0',1,'machine',NULL,'{\"duration\": 3605.25, \"language\": \"zh\", \"engines\": {}, \"segments\": [{\"id\": \"p1\", \"start\": 0.5, \"end\": 2.0, \"text\": \"今天我们开会。\", \"speaker\": \"S1\", \"words\": [], \"overlap\": false, \"second_speaker\": null, \"confidence\": null, \"source\": \"machine\", \"error\": null}], \"speakers\": [{\"id\": \"S1\", \"name\": null}]}','今天我们开会。',1,'2026-01-08 07:30:00.000000');
CREATE TABLE `users` (
  `id` varchar(32) NOT NULL,
  `username` varchar(64) NOT NULL,
  `username_key` varchar(128) NOT NULL,
  `password_hash` varchar(255) DEFAULT NULL,
  `role` varchar(16) NOT NULL,
  `active` tinyint(1) NOT NULL,
  `token_epoch` int(11) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `updated_at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_users_username_key` (`username_key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `users` VALUES ('a1b2c3d4e5f60718293a4b5c6d7e8f90','张三','张三','$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA','super_admin',1,2,'2026-01-05 08:30:00.123456','2026-01-06 09:00:00.000001');
INSERT INTO `users` VALUES ('b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0','Bob','bob',NULL,'user',0,0,'2026-01-07 10:00:00.000000','2026-01-07 10:00:00.000000');
