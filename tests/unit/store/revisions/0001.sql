BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
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
CREATE TABLE home (
	id INTEGER NOT NULL, 
	time_zone TEXT NOT NULL, 
	CONSTRAINT pk_home PRIMARY KEY (id)
);
INSERT INTO "home" VALUES(1,'Europe/Berlin');
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
	data JSON NOT NULL, 
	CONSTRAINT pk_pattern PRIMARY KEY (id), 
	CONSTRAINT fk_pattern_first_run FOREIGN KEY(first_run) REFERENCES run (id), 
	CONSTRAINT fk_pattern_last_run FOREIGN KEY(last_run) REFERENCES run (id)
);
INSERT INTO "pattern" VALUES('p_0000000000000001','co_occurrence','accepted','security',0,'r_0000000000000001','r_0000000000000001',1760752801000000,1760752801000000,'{"id":"p_0000000000000001","kind":"co_occurrence","sentence":"Lamp 1 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"state","entity_id":"binary_sensor.door","to":"on","delay_seconds":12.5,"within_seconds":60.0},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_1","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"security","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}');
INSERT INTO "pattern" VALUES('p_0000000000000002','time_of_day','rejected','comfort',1,'r_0000000000000001','r_0000000000000001',1760752801000000,1760752801000000,'{"id":"p_0000000000000002","kind":"time_of_day","sentence":"Lamp 2 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"time","at":"07:10:00","weekdays":["mon","tue"]},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_2","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"comfort","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}');
INSERT INTO "pattern" VALUES('p_0000000000000003','co_occurrence','new','comfort',2,'r_0000000000000001','r_0000000000000001',1760752801000000,1760752801000000,'{"id":"p_0000000000000003","kind":"co_occurrence","sentence":"Lamp 3 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"state","entity_id":"binary_sensor.door","to":"on","delay_seconds":12.5,"within_seconds":60.0},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_3","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"security","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}');
INSERT INTO "pattern" VALUES('p_0000000000000004','time_of_day','snoozed','comfort',3,'r_0000000000000001','r_0000000000000001',1760752801000000,1760752801000000,'{"id":"p_0000000000000004","kind":"time_of_day","sentence":"Lamp 4 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"time","at":"07:10:00","weekdays":["mon","tue"]},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_4","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"comfort","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}');
INSERT INTO "pattern" VALUES('p_0000000000000005','co_occurrence','new','security',4,'r_0000000000000001','r_0000000000000001',1760752801000000,1760752801000000,'{"id":"p_0000000000000005","kind":"co_occurrence","sentence":"Lamp 5 turns on \u2013 around 07:10 in K\u00fcche\u0000\ud83d\ude42.","trigger":{"type":"state","entity_id":"binary_sensor.door","to":"on","delay_seconds":12.5,"within_seconds":60.0},"conditions":[{"type":"state","entity_id":"person.a","state":"home"}],"actions":[{"entity_id":"light.lamp_5","to":"on"}],"evidence":{"hits":19,"opportunities":22,"rate":0.8636363636363636,"rate_low":0.667,"rate_high":0.953,"expected_rate":0.06,"lift":14.4,"p_value":1.2e-14,"q_value":3.1e-300,"holdout":{"hits":6,"opportunities":7},"spread_minutes":8.5,"first_seen":"2025-09-01T07:08:12+02:00","last_seen":"2025-10-09T07:11:40+02:00","drift":"stable"},"scores":{"similarity":0.61,"relevance":3.2,"rank":1},"category":"security","priority":"medium","made_by":{"embedding":"embedder","reranker":"reranker","classifier":"classifier"},"status":"new"}');
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
CREATE UNIQUE INDEX uq_run_succeeded_night ON run (night) WHERE state = 'succeeded' AND "trigger" = 'nightly';
CREATE INDEX ix_run_state ON run (state);
CREATE INDEX ix_pattern_position ON pattern (position);
COMMIT;
