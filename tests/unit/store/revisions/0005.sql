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
INSERT INTO "answer" VALUES(1,'p_0000000000000001','accepted',1760752800000005,NULL,'[]','',NULL,'{"id":"p_0000000000000001","kind":"co_occurrence","sentence":"Lamp 1 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"state","entity_id":"binary_sensor.door","to":"on","delay_seconds":12.5,"within_seconds":60.0},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_1","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"security","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}');
INSERT INTO "answer" VALUES(2,'p_0000000000000002','rejected',1760752800000006,NULL,'["not_true"]','nobody does that',NULL,'{"id":"p_0000000000000002","kind":"time_of_day","sentence":"Lamp 2 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"time","at":"07:10:00","weekdays":["mon","tue"]},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_2","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"comfort","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}');
INSERT INTO "answer" VALUES(3,'p_0000000000000004','snoozed',1760752800000007,1760752890000000,'[]','',NULL,'{"id":"p_0000000000000004","kind":"time_of_day","sentence":"Lamp 4 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"time","at":"07:10:00","weekdays":["mon","tue"]},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_4","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"comfort","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}');
INSERT INTO "answer" VALUES(4,'p_0000000000000003','corrected',1760752800000008,NULL,'[]','','{"category":"comfort","sentence":"Lamp 3 goes on when it gets dark."}','{"id":"p_0000000000000003","kind":"co_occurrence","sentence":"Lamp 3 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"state","entity_id":"binary_sensor.door","to":"on","delay_seconds":12.5,"within_seconds":60.0},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_3","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"security","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}');
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
INSERT INTO "deployment" VALUES('p_0000000000000001','ai_1','deployed',1,NULL,NULL,'automation.lamp',1760752800000009);
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
INSERT INTO "deployment_version" VALUES('p_0000000000000001',1,'{"id":"ai_1","alias":"K\u00fcche"}','f1',1760752800000000,1,NULL);
CREATE TABLE described_entity (
	entity_id TEXT NOT NULL, 
	labels JSON NOT NULL, 
	left_out TEXT, 
	CONSTRAINT pk_described_entity PRIMARY KEY (entity_id)
);
INSERT INTO "described_entity" VALUES('light.a','["routine"]','hidden');
INSERT INTO "described_entity" VALUES('sensor.b','[]','disabled');
CREATE TABLE embedding (
	model TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	dims INTEGER NOT NULL, 
	vector BLOB NOT NULL, 
	created BIGINT NOT NULL, 
	CONSTRAINT pk_embedding PRIMARY KEY (model, digest)
);
INSERT INTO "embedding" VALUES('m',X'CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB',2,X'0000003F000080BF',1760752800000000);
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
INSERT INTO "entity" VALUES(1,'light.a','Lamp','Hall',NULL,NULL);
INSERT INTO "entity" VALUES(2,'sensor.b',NULL,NULL,NULL,NULL);
CREATE TABLE event (
	time BIGINT NOT NULL, 
	entity INTEGER NOT NULL, 
	state INTEGER NOT NULL, 
	origin SMALLINT NOT NULL, 
	CONSTRAINT pk_event PRIMARY KEY (time, entity, state)
)
 WITHOUT ROWID

;
INSERT INTO "event" VALUES(1760752800000000,1,3,1);
INSERT INTO "event" VALUES(1760752800000001,1,2,0);
INSERT INTO "event" VALUES(1760752800000001,2,1,3);
CREATE TABLE firing (
	automation TEXT NOT NULL, 
	time BIGINT NOT NULL, 
	CONSTRAINT pk_firing PRIMARY KEY (automation, time)
);
INSERT INTO "firing" VALUES('automation.lamp',1760752800000000);
INSERT INTO "firing" VALUES('automation.lamp',1760752801000000);
CREATE TABLE home (
	id INTEGER NOT NULL, 
	time_zone TEXT NOT NULL, latitude DOUBLE, longitude DOUBLE, 
	CONSTRAINT pk_home PRIMARY KEY (id)
);
INSERT INTO "home" VALUES(1,'Europe/Berlin',52.52,13.4);
CREATE TABLE lease (
	name TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	expires BIGINT NOT NULL, 
	CONSTRAINT pk_lease PRIMARY KEY (name)
);
INSERT INTO "lease" VALUES('run','host:1:x',1760752860000000);
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
INSERT INTO "pattern" VALUES('p_0000000000000001','co_occurrence','accepted','security',0,'r_0000000000000001','r_0000000000000001',1760752801000000,1760752801000000,'{"id":"p_0000000000000001","kind":"co_occurrence","sentence":"Lamp 1 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"state","entity_id":"binary_sensor.door","to":"on","delay_seconds":12.5,"within_seconds":60.0},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_1","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"security","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}',NULL,NULL);
INSERT INTO "pattern" VALUES('p_0000000000000002','time_of_day','rejected','comfort',1,'r_0000000000000001','r_0000000000000001',1760752801000000,1760752801000000,'{"id":"p_0000000000000002","kind":"time_of_day","sentence":"Lamp 2 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"time","at":"07:10:00","weekdays":["mon","tue"]},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_2","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"comfort","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}',NULL,NULL);
INSERT INTO "pattern" VALUES('p_0000000000000003','co_occurrence','new','comfort',2,'r_0000000000000001','r_0000000000000001',1760752801000000,1760752801000000,'{"id":"p_0000000000000003","kind":"co_occurrence","sentence":"Lamp 3 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"state","entity_id":"binary_sensor.door","to":"on","delay_seconds":12.5,"within_seconds":60.0},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_3","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"security","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}','{"category":"comfort","sentence":"Lamp 3 goes on when it gets dark."}',NULL);
INSERT INTO "pattern" VALUES('p_0000000000000004','time_of_day','snoozed','comfort',3,'r_0000000000000001','r_0000000000000001',1760752801000000,1760752801000000,'{"id":"p_0000000000000004","kind":"time_of_day","sentence":"Lamp 4 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"time","at":"07:10:00","weekdays":["mon","tue"]},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_4","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"comfort","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}',NULL,1760752890000000);
INSERT INTO "pattern" VALUES('p_0000000000000005','co_occurrence','new','security',4,'r_0000000000000001','r_0000000000000001',1760752801000000,1760752801000000,'{"id":"p_0000000000000005","kind":"co_occurrence","sentence":"Lamp 5 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"state","entity_id":"binary_sensor.door","to":"on","delay_seconds":12.5,"within_seconds":60.0},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_5","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"security","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}',NULL,NULL);
CREATE TABLE probe (
	id INTEGER NOT NULL, 
	written BIGINT NOT NULL, 
	CONSTRAINT pk_probe PRIMARY KEY (id)
);
INSERT INTO "probe" VALUES(1,1);
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
INSERT INTO "run" VALUES(1,'r_0000000000000001','succeeded','nightly',1760752800000000,1760752801000000,'2025-10-18','queued','{"x":[1,2.5]}','{"source":"/data/home.csv","span":[1760752799000000,1760752800000000]}','{"service":"0.1.0","embedding":null}','{"events":2,"found":5}','{"mine":1.5}','{"bad_timestamp":3}',NULL);
INSERT INTO "run" VALUES(2,'r_0000000000000002','failed','api',1760752802000000,1760752803000000,NULL,'queued','{}','{}','{}','{}','{}','{}','{"code":"run_interrupted","message":"It stopped.","remedy":"Start another."}');
CREATE TABLE shortlist (
	run TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	interest TEXT NOT NULL, 
	patterns JSON NOT NULL, 
	CONSTRAINT pk_shortlist PRIMARY KEY (run, position), 
	CONSTRAINT fk_shortlist_run FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO "shortlist" VALUES('r_0000000000000001',0,'save energy','[{"id":"p_0000000000000002","kind":"time_of_day","sentence":"Lamp 2 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"time","at":"07:10:00","weekdays":["mon","tue"]},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_2","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"comfort","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}]');
CREATE TABLE source (
	"key" TEXT NOT NULL, 
	position BIGINT NOT NULL, 
	CONSTRAINT pk_source PRIMARY KEY ("key")
);
INSERT INTO "source" VALUES('/data/home.csv',1760752800000001);
CREATE TABLE state_text (
	id INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	CONSTRAINT pk_state_text PRIMARY KEY (id), 
	CONSTRAINT uq_state_text_digest UNIQUE (digest)
);
INSERT INTO "state_text" VALUES(1,'21.5',X'060663CF973113D235D6DA5DFC30AD82');
INSERT INTO "state_text" VALUES(2,'off – größer',X'B1347069116F491BBE4D81785E0F97F7');
INSERT INTO "state_text" VALUES(3,'on',X'85F766EF05FF17A4A874ADD8787D50C7');
CREATE TABLE why (
	run TEXT NOT NULL, 
	reasons JSON NOT NULL, 
	CONSTRAINT pk_why PRIMARY KEY (run), 
	CONSTRAINT fk_why_run FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO "why" VALUES('r_0000000000000001','[{"entity_id":"sensor.b","reason":"too_few_days","kind":"time_of_day","detail":{"reached":3,"needed":14},"sentence":"It is too new."}]');
CREATE UNIQUE INDEX uq_run_succeeded_night ON run (night) WHERE state = 'succeeded' AND "trigger" = 'nightly';
CREATE INDEX ix_run_state ON run (state);
CREATE INDEX ix_pattern_position ON pattern (position);
CREATE INDEX ix_answer_pattern ON answer (pattern);
COMMIT;
