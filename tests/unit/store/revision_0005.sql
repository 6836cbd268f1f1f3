BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0005');
CREATE TABLE answer (
	number INTEGER NOT NULL, 
	pattern TEXT NOT NULL, 
	verdict TEXT NOT NULL, 
	given BIGINT NOT NULL, 
	until BIGINT, 
	reasons JSON NOT NULL, 
	note TEXT NOT NULL, 
	correction JSON, 
	form JSON NOT NULL, 
	CONSTRAINT pk_answer PRIMARY KEY (number)
);
CREATE TABLE deployment (
	pattern TEXT NOT NULL, 
	automation TEXT NOT NULL, 
	state TEXT NOT NULL, 
	version INTEGER, 
	target INTEGER, 
	guarded BIGINT, 
	entity_id TEXT, 
	checked BIGINT, 
	CONSTRAINT pk_deployment PRIMARY KEY (pattern), 
	CONSTRAINT uq_deployment_automation UNIQUE (automation), 
	CONSTRAINT fk_deployment_pattern FOREIGN KEY(pattern) REFERENCES pattern (id)
);
CREATE TABLE deployment_version (
	pattern TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	config JSON NOT NULL, 
	fingerprint TEXT NOT NULL, 
	written BIGINT NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	replaces INTEGER, 
	CONSTRAINT pk_deployment_version PRIMARY KEY (pattern, number), 
	CONSTRAINT fk_deployment_version_pattern FOREIGN KEY(pattern) REFERENCES deployment (pattern)
);
CREATE TABLE described_entity (
	entity_id TEXT NOT NULL, 
	labels JSON NOT NULL, 
	left_out TEXT, 
	CONSTRAINT pk_described_entity PRIMARY KEY (entity_id)
);
CREATE TABLE embedding (
	model TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	dims INTEGER NOT NULL, 
	vector BLOB NOT NULL, 
	created BIGINT NOT NULL, 
	CONSTRAINT pk_embedding PRIMARY KEY (model, digest)
);
CREATE TABLE entity (
	id INTEGER NOT NULL, 
	entity_id TEXT NOT NULL, 
	name TEXT, 
	area TEXT, 
	device_class TEXT, 
	unit TEXT, 
	CONSTRAINT pk_entity PRIMARY KEY (id), 
	CONSTRAINT uq_entity_entity_id UNIQUE (entity_id)
);
INSERT INTO "entity" VALUES(1,'light.a',NULL,NULL,NULL,NULL);
CREATE TABLE event (
	time BIGINT NOT NULL, 
	entity INTEGER NOT NULL, 
	state INTEGER NOT NULL, 
	origin SMALLINT NOT NULL, 
	CONSTRAINT pk_event PRIMARY KEY (time, entity, state)
)
 WITHOUT ROWID

;
INSERT INTO "event" VALUES(1760752800000000,1,2,1);
INSERT INTO "event" VALUES(1760752801000000,1,1,3);
CREATE TABLE firing (
	automation TEXT NOT NULL, 
	time BIGINT NOT NULL, 
	CONSTRAINT pk_firing PRIMARY KEY (automation, time)
);
CREATE TABLE home (
	id INTEGER NOT NULL, 
	time_zone TEXT NOT NULL, latitude DOUBLE, longitude DOUBLE, 
	CONSTRAINT pk_home PRIMARY KEY (id)
);
INSERT INTO "home" VALUES(1,'Europe/Berlin',NULL,NULL);
CREATE TABLE lease (
	name TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	expires BIGINT NOT NULL, 
	CONSTRAINT pk_lease PRIMARY KEY (name)
);
CREATE TABLE pattern (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	status TEXT NOT NULL, 
	category TEXT, 
	position INTEGER NOT NULL, 
	first_run TEXT NOT NULL, 
	last_run TEXT NOT NULL, 
	created BIGINT NOT NULL, 
	updated BIGINT NOT NULL, 
	data JSON NOT NULL, correction JSON, until BIGINT, 
	CONSTRAINT pk_pattern PRIMARY KEY (id), 
	CONSTRAINT fk_pattern_first_run FOREIGN KEY(first_run) REFERENCES run (id), 
	CONSTRAINT fk_pattern_last_run FOREIGN KEY(last_run) REFERENCES run (id)
);
INSERT INTO "pattern" VALUES('p_0000000000000001','co_occurrence','new','security',0,'r_0e4edc1ebf6fba6f','r_0e4edc1ebf6fba6f',1760752801000000,1760752801000000,'{"id":"p_0000000000000001","kind":"co_occurrence","sentence":"Lamp 1 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"state","entity_id":"binary_sensor.door","to":"on","delay_seconds":12.5,"within_seconds":60.0},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_1","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"security","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}',NULL,NULL);
INSERT INTO "pattern" VALUES('p_0000000000000002','time_of_day','new','comfort',1,'r_0e4edc1ebf6fba6f','r_0e4edc1ebf6fba6f',1760752801000000,1760752801000000,'{"id":"p_0000000000000002","kind":"time_of_day","sentence":"Lamp 2 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"time","at":"07:10:00","weekdays":["mon","tue"]},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_2","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"comfort","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}',NULL,NULL);
CREATE TABLE probe (
	id INTEGER NOT NULL, 
	written BIGINT NOT NULL, 
	CONSTRAINT pk_probe PRIMARY KEY (id)
);
CREATE TABLE run (
	number INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	state TEXT NOT NULL, 
	"trigger" TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	finished_at BIGINT, 
	night TEXT, 
	stage TEXT NOT NULL, 
	request JSON NOT NULL, 
	inputs JSON NOT NULL, 
	versions JSON NOT NULL, 
	counts JSON NOT NULL, 
	timings JSON NOT NULL, 
	left_out JSON NOT NULL, 
	error JSON, 
	CONSTRAINT pk_run PRIMARY KEY (number), 
	CONSTRAINT uq_run_id UNIQUE (id)
);
INSERT INTO "run" VALUES(1,'r_0e4edc1ebf6fba6f','succeeded','nightly',1760752800000000,1760752801000000,'2025-10-18','queued','{"top_k":10}','{}','{}','{"found":2}','{}','{}',NULL);
INSERT INTO "run" VALUES(2,'r_5a5b41b4ed449665','failed','api',1760752802000000,1760752803000000,NULL,'queued','{"top_k":10}','{}','{}','{}','{}','{}','{"code":"run_interrupted","message":"m","remedy":"r"}');
INSERT INTO "run" VALUES(3,'r_f3b963c9c6022a39','running','api',1760752804000000,NULL,NULL,'queued','{"top_k":5}','{}','{}','{}','{}','{}',NULL);
CREATE TABLE shortlist (
	run TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	interest TEXT NOT NULL, 
	patterns JSON NOT NULL, 
	CONSTRAINT pk_shortlist PRIMARY KEY (run, position), 
	CONSTRAINT fk_shortlist_run FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO "shortlist" VALUES('r_0e4edc1ebf6fba6f',0,'save energy','[{"id":"p_0000000000000002","kind":"time_of_day","sentence":"Lamp 2 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"time","at":"07:10:00","weekdays":["mon","tue"]},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_2","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"comfort","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}]');
CREATE TABLE source (
	"key" TEXT NOT NULL, 
	position BIGINT NOT NULL, 
	CONSTRAINT pk_source PRIMARY KEY ("key")
);
INSERT INTO "source" VALUES('/data/home.csv',1760752801000000);
CREATE TABLE state_text (
	id INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	CONSTRAINT pk_state_text PRIMARY KEY (id), 
	CONSTRAINT uq_state_text_digest UNIQUE (digest)
);
INSERT INTO "state_text" VALUES(1,'off',X'613461480EA7B4FD6328EF358DA86477');
INSERT INTO "state_text" VALUES(2,'on',X'85F766EF05FF17A4A874ADD8787D50C7');
CREATE TABLE why (
	run TEXT NOT NULL, 
	reasons JSON NOT NULL, 
	CONSTRAINT pk_why PRIMARY KEY (run), 
	CONSTRAINT fk_why_run FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO "why" VALUES('r_0e4edc1ebf6fba6f','[]');
CREATE UNIQUE INDEX uq_run_succeeded_night ON run (night) WHERE state = 'succeeded' AND "trigger" = 'nightly';
CREATE INDEX ix_run_state ON run (state);
CREATE INDEX ix_pattern_position ON pattern (position);
CREATE INDEX ix_answer_pattern ON answer (pattern);
COMMIT;
