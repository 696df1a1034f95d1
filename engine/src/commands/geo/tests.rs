//! Tables of requests and replies, and searches against a look at every member.

use super::cell::Position;
use super::shape::{Outline, Shape};
use crate::base::random::Random;
use crate::testing::TestServer;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const SYNTAX: &str = "-ERR syntax error";
const NOT_FLOAT: &str = "-ERR value is not a valid float";
const NO_MEMBER: &str = "-ERR could not decode requested zset member";
const BAD_UNIT: &str = "-ERR unsupported unit provided. please use M, KM, FT, MI";

fn server(requests: &[&str]) -> TestServer {
    let mut server = TestServer::with_config("save ''\n");
    for request in requests {
        let reply = server.send(request);
        assert!(!reply.starts_with('-'), "{request}: {reply}");
    }
    server.changes();
    server
}

/// Two cities, and a key of another type. Every reply of the tables was given by
/// redis-server 7.0.15 and valkey-server 8.0.1, too.
fn sicily() -> TestServer {
    server(&["GEOADD s 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", "SET string v"])
}

#[test]
fn members_get_positions() {
    let mut server = sicily();
    server.check(&[
        ("GEOADD s NX CH 13.5 38 Palermo 2.5 48 Paris", ":1"),
        ("GEOADD s XX CH 13.361389 38.115556 Palermo 1 1 none", ":0"),
        ("GEOADD s CH 2.3522 48.8566 Paris", ":1"),
        ("GEOADD s 2.5 48 Paris", ":0"),
        ("GEOADD none XX 1 1 a", ":0"),
        ("EXISTS none", ":0"),
        ("GEOADD s XX NX 1 1 a", SYNTAX),
        ("GEOADD s 1 1", "-ERR wrong number of arguments for 'geoadd' command"),
        ("GEOADD s CH 1 1", SYNTAX),
        ("GEOADD s NX CH CH", SYNTAX),
        ("GEOADD s 1 1 a 2", SYNTAX),
        ("GEOADD s 181 1 a", "-ERR invalid longitude,latitude pair 181.000000,1.000000"),
        ("GEOADD s 1 -85.0512 a", "-ERR invalid longitude,latitude pair 1.000000,-85.051200"),
        ("GEOADD s 1 1 a x 1 b", NOT_FLOAT),
        ("ZSCORE s a", "$-1"),
        ("GEOADD s 1 nan a", NOT_FLOAT),
        ("GEOADD string 1 x a", NOT_FLOAT),
        ("GEOADD string 1 1 a", WRONG_TYPE),
        (
            "ZRANGE s 0 -1 WITHSCORES",
            "*6 $7 Palermo $16 3479099956230698 $7 Catania $16 3479447370796909 $5 Paris $16 3663754603556358",
        ),
        ("GEOADD edge 180 85.05112878 ne -180 -85.05112878 sw", ":2"),
        ("ZRANGE edge 0 -1 WITHSCORES", "*4 $2 sw $1 0 $2 ne $17 13510798882111488"),
        (
            "GEOPOS edge ne sw",
            "*2 *2 $3 180 $19 85.0511287799999991 *2 $22 -179.99999731779098511 $21 -85.05112751263942528",
        ),
    ]);
}

#[test]
fn members_are_asked_about() {
    let mut server = sicily();
    server.check(&[
        ("GEODIST s Palermo Catania", "$11 166274.1516"),
        ("GEODIST s Palermo Catania KM", "$8 166.2742"),
        ("GEODIST s Palermo Catania ft", "$11 545518.8700"),
        ("GEODIST s Palermo Palermo mi", "$6 0.0000"),
        ("GEODIST s Palermo none", "$-1"),
        ("GEODIST none a b", "$-1"),
        ("GEODIST string a b yd", BAD_UNIT),
        ("GEODIST string a b", WRONG_TYPE),
        ("GEODIST s Palermo Catania m m", SYNTAX),
        ("GEOHASH s Palermo none Catania", "*3 $11 sqc8b49rny0 $-1 $11 sqdtr74hyu0"),
        ("GEOHASH none a", "*1 $-1"),
        ("GEOHASH s", "*0"),
        ("GEOPOS s Palermo none", "*2 *2 $20 13.36138933897018433 $20 38.11555639549629859 *-1"),
        ("GEOPOS string a", WRONG_TYPE),
        ("HELLO 3", &server_hello()),
        ("GEOPOS s Palermo none", "*2 *2 ,13.36138933897018433 ,38.11555639549629859 _"),
        ("GEODIST s Palermo Catania", "$11 166274.1516"),
    ]);
}

/// Scores that no position has.
#[test]
fn any_score_is_somewhere() {
    let mut server = server(&["ZADD w -1 a 1e300 b 1.5 e 9007199254740993 f -inf g"]);
    server.check(&[
        ("GEOHASH w a b e f g", "*5 $11 bp05b5048p0 $11 00bh0hbj200 $11 00bh0hbj210 $11 00bh0hbj200 $11 00bh0hbj200"),
        ("GEOSEARCH w FROMLONLAT 0 0 BYRADIUS 30000 km WITHDIST WITHHASH", "*1 *3 $1 e $10 10560.8121 :1"),
        ("GEOSEARCH w FROMMEMBER a BYRADIUS 30000 km", "*0"),
        ("GEOSEARCH w FROMLONLAT 0 0 BYRADIUS inf km", "*1 $1 e"),
        ("GEOSEARCH w FROMLONLAT 0 85 BYBOX 1e308 1e308 mi", "*1 $1 e"),
    ]);
}

fn server_hello() -> String {
    TestServer::with_config("save ''\n").send("HELLO 3")
}

#[test]
fn searches() {
    let mut server = sicily();
    let both = "*2 $7 Catania $7 Palermo";
    server.check(&[
        (
            "GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHDIST WITHCOORD WITHHASH",
            "*2 *4 $7 Catania $7 56.4413 :3479447370796909 *2 $20 15.08726745843887329 $20 37.50266842333162032 \
             *4 $7 Palermo $8 190.4424 :3479099956230698 *2 $20 13.36138933897018433 $20 38.11555639549629859",
        ),
        (
            "GEOSEARCH s FROMMEMBER Palermo BYBOX 400 400 km DESC WITHDIST",
            "*2 *2 $7 Catania $8 166.2742 *2 $7 Palermo $6 0.0000",
        ),
        ("GEOSEARCH s BYRADIUS 200 km COUNT 1 FROMLONLAT 15 37", "*1 $7 Catania"),
        ("GEOSEARCH s FROMMEMBER Palermo BYRADIUS 500 km COUNT 1 ANY", "*1 $7 Palermo"),
        ("GEORADIUS s 15 37 200 km ASC", both),
        ("GEORADIUS_RO s 15 37 200 km DESC COUNT 1", "*1 $7 Palermo"),
        ("GEORADIUSBYMEMBER s Palermo 200 km DESC", both),
        ("GEORADIUSBYMEMBER_RO s Palermo 100 km", "*1 $7 Palermo"),
        ("GEOSEARCH none FROMMEMBER none BYBOX 400 400 km", "*0"),
        ("GEORADIUSBYMEMBER none none 200 yd", "*0"),
        ("GEOSEARCHSTORE d s FROMMEMBER Palermo BYRADIUS 500 km STOREDIST", ":2"),
        ("ZRANGE d 0 -1 WITHSCORES", "*4 $7 Palermo $1 0 $7 Catania $18 166.27415156960032"),
        ("GEOSEARCHSTORE d s FROMMEMBER Palermo BYRADIUS 500 km", ":2"),
        ("ZSCORE d Palermo", "$16 3479099956230698"),
        ("OBJECT ENCODING d", "$8 listpack"),
        ("GEORADIUS s 15 37 100 km STORE d STOREDIST e", ":1"),
        ("ZRANGE e 0 -1", "*1 $7 Catania"),
        ("GEORADIUSBYMEMBER none none 200 yd STORE d", ":0"),
        ("EXISTS d", ":0"),
        ("GEOSEARCHSTORE e s FROMLONLAT 0 0 BYRADIUS 1 m", ":0"),
        ("EXISTS e", ":0"),
    ]);
}

#[test]
fn searches_that_are_refused() {
    let mut server = sicily();
    let one_of = |words: &str, name: &str| format!("-ERR exactly one of {words} can be specified for {name}");
    server.check(&[
        ("GEOSEARCH string BAD 1 2 3 4 5", WRONG_TYPE),
        ("GEOSEARCH s FROMMEMBER none BYBOX 400 400 km", NO_MEMBER),
        ("GEORADIUSBYMEMBER s none 200 km", NO_MEMBER),
        ("GEOSEARCH s BYBOX 400 400 km ASC ASC", &one_of("FROMMEMBER or FROMLONLAT", "GEOSEARCH")),
        ("geoSearch s FROMMEMBER Palermo ASC ASC ASC", &one_of("BYRADIUS and BYBOX", "geoSearch")),
        ("GEOSEARCH s FROMMEMBER Palermo FROMLONLAT 1 2 BYRADIUS 1 km", SYNTAX),
        ("GEOSEARCH s FROMMEMBER Palermo BYRADIUS 1 km BYBOX 1 1 m", SYNTAX),
        ("GEOSEARCH s FROMMEMBER Palermo BYRADIUS -1 km", "-ERR radius cannot be negative"),
        ("GEOSEARCH s FROMMEMBER Palermo BYRADIUS x km", "-ERR need numeric radius"),
        ("GEOSEARCH s FROMMEMBER Palermo BYBOX x 1 km", "-ERR need numeric width"),
        ("GEOSEARCH s FROMMEMBER Palermo BYBOX 1 x km", "-ERR need numeric height"),
        ("GEOSEARCH s FROMMEMBER Palermo BYBOX 1 -1 km", "-ERR height or width cannot be negative"),
        ("GEOSEARCH s FROMMEMBER Palermo BYBOX 1 1 yd", BAD_UNIT),
        ("GEOSEARCH s FROMMEMBER Palermo BYRADIUS 500 km COUNT 0", "-ERR COUNT must be > 0"),
        ("GEOSEARCH s FROMMEMBER Palermo BYRADIUS 500 km COUNT x", "-ERR value is not an integer or out of range"),
        ("GEOSEARCH s FROMMEMBER Palermo BYRADIUS 500 km ANY", "-ERR the ANY argument requires COUNT argument"),
        ("GEOSEARCH s FROMMEMBER Palermo BYRADIUS 500 km STOREDIST", SYNTAX),
        (
            "GEOSEARCHSTORE d s FROMMEMBER Palermo BYRADIUS 500 km WITHDIST",
            "-ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
        ),
        (
            "GEORADIUS s 15 37 200 km STORE d WITHDIST",
            "-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
        ),
        ("GEORADIUS_RO s 15 37 200 km STORE d", SYNTAX),
        ("GEORADIUS s 15 37 200 km BYRADIUS 1 m", SYNTAX),
        ("COMMAND GETKEYS GEORADIUS k 1 2 3 m STOREDIST b STORE a", "*3 $1 k $1 a $1 b"),
        ("COMMAND GETKEYS GEORADIUS k 1 2 3 m STORE", "*1 $1 k"),
        ("COMMAND GETKEYSANDFLAGS GEORADIUS k 1 2 3 m STORE a", "*2 *2 $1 k *2 +RO +access *2 $1 a *2 +OW +update"),
    ]);
}

/// Valkey's example of a polygon, and what is wrong with others.
#[test]
fn polygons() {
    let mut server = server(&[
        "GEOADD s 13.361389 38.115556 Palermo 14.733333 36.933333 Ragusa 15.087269 37.502669 Catania",
        "GEOADD s 15.287602 37.070104 Siracusa 13.588412 37.311348 Agrigento",
    ]);
    let corners = "13.268550 38.354626 15.379554 37.143270 14.7 36.6 14.193438 37.334376 12.972021 38.138380 13.3 38.2";
    let too_few = "-ERR GEOSEARCH BYPOLYGON must have at least 3 vertices";
    server.check(&[
        (&format!("GEOSEARCH s BYPOLYGON 6 {corners}"), "*3 $7 Palermo $6 Ragusa $8 Siracusa"),
        (&format!("GEOSEARCHSTORE d s BYPOLYGON 6 {corners} COUNT 1 ANY"), ":1"),
        (&format!("GEOSEARCH s BYPOLYGON 7 {corners}"), too_few),
        (&format!("GEOSEARCH s BYPOLYGON 6 {corners} FROMMEMBER Palermo"), SYNTAX),
        (&format!("GEOSEARCH s FROMMEMBER Palermo BYPOLYGON 6 {corners}"), SYNTAX),
        (&format!("GEOSEARCH s BYPOLYGON 6 {corners} BYRADIUS 1 km"), SYNTAX),
        ("GEOSEARCH s BYPOLYGON 2 1 1 2 2", too_few),
        ("GEOSEARCH s BYPOLYGON x 1 1 2 2", "-ERR invalid number of vertices"),
        ("GEOSEARCH s BYPOLYGON 3 1 1 2 2 1 x", NOT_FLOAT),
        ("GEOSEARCH s BYPOLYGON 3 1 1 1 1 1 1", "*0"),
    ]);
}

/// Order and distances are those of an example in Valkey's tests.
#[test]
fn distances_are_from_the_centre_of_a_polygon() {
    let mut server = server(&[
        "GEOADD p 151.20932132005692 -33.877723137822436 elizabeth 151.2119820713997 -33.87697539508043 connaught",
        "GEOADD p 151.2119820713997 -33.87156123068408 james 151.2229523062706 -33.883973760201364 oxford",
        "GEOADD p 151.22852593660355 -33.88116782387797 goodhope 151.2224105000496 -33.87544442350019 kings",
        "GEOADD p 151.22953444719315 -33.874838625143106 oval",
    ]);
    let corners = "151.21619137411474 -33.869643764947696 151.20408853981647 -33.87845382042545 151.2123775086366 \
                   -33.87864711938855 151.21046943124387 -33.87588862400425 151.21701035939626 -33.874286511854834 \
                   151.2239557405701 -33.8735722632175 151.22495056246407 -33.87893571656996 151.2274447496748 \
                   -33.882307713036354 151.23212935868654 -33.88136096120022 151.23097291274465 -33.87456240592362 \
                   151.22475424781445 -33.87099633192101";
    server.check(&[
        (&format!("GEOSEARCH p BYPOLYGON 11 {corners}"), "*3 $8 goodhope $4 oval $9 elizabeth"),
        (
            &format!("GEOSEARCH p BYPOLYGON 11 {corners} WITHDIST DESC"),
            "*3 *2 $9 elizabeth $9 1035.7735 *2 $8 goodhope $8 929.4979 *2 $4 oval $8 858.3013",
        ),
    ]);
}

#[test]
fn changes() {
    let mut server = sicily();
    for (request, changes) in [
        ("GEOADD s 13.361389 38.115556 Palermo", &[][..]),
        ("GEOADD s NX 1 1 Palermo", &[]),
        ("GEOADD n XX 1 1 a", &[]),
        (
            "GEOADD s CH 2.5 48 Paris 13.361389 38.115556 Palermo",
            &["zadd s: ZADD s CH 3663754603556358 Paris 3479099956230698 Palermo"],
        ),
        ("GEOADD n NX 2.5 48 Paris", &["new n", "zadd n: ZADD n NX 3663754603556358 Paris"]),
        ("GEOSEARCHSTORE d s FROMLONLAT 2 48 BYRADIUS 50 km", &["new d", "geosearchstore d: command"]),
        ("GEORADIUS s 2 48 50 km STORE d", &["georadiusstore d: command"]),
        ("GEORADIUS s 2 48 50 m STORE d", &["del d: command"]),
        ("GEORADIUS s 2 48 50 m STORE d", &[]),
        ("GEOSEARCH s FROMLONLAT 2 48 BYRADIUS 50 km", &[]),
    ] {
        server.changes();
        server.send(request);
        assert_eq!(server.changes(), changes, "{request}");
    }
}

fn random_position(random: &mut Random, latitude_max: f64) -> Position {
    let unit = |random: &mut Random| random.below(1 << 40) as f64 / (1u64 << 39) as f64 - 1.0;
    let spread = [1.0, 0.1, 0.001][random.below(3) as usize];
    let longitude = (unit(random) * spread * 180.0 + 170.0 * (1.0 - spread)).clamp(-180.0, 180.0);
    Position { longitude, latitude: unit(random) * spread * latitude_max }
}

/// A search finds what a look at every member finds, in either encoding of the set.
/// Where the reference overlooks members, near the poles and across the date line,
/// so do we: there is none of that here.
#[test]
fn as_a_look_at_every_member_finds() {
    let mut random = Random::from_seed(11);
    for round in 0..300 {
        let mut server = server(&["CONFIG SET zset-max-listpack-entries 30"]);
        let members: Vec<Position> = (0..20 + random.below(60)).map(|_| random_position(&mut random, 60.0)).collect();
        for (index, position) in members.iter().enumerate() {
            server.send(&format!("GEOADD s {} {} m{index}", position.longitude, position.latitude));
        }
        let centre = random_position(&mut random, 50.0);
        let metres = [50.0, 5_000.0, 200_000.0, 2_000_000.0][random.below(4) as usize];
        let around = format!("FROMLONLAT {} {}", centre.longitude, centre.latitude);
        let (outline, words) = match random.below(3) {
            0 => (Outline::Circle { radius: metres }, format!("{around} BYRADIUS {metres} m")),
            1 => (
                Outline::Box { width: metres, height: metres / 2.0 },
                format!("{around} BYBOX {metres} {} m", metres / 2.0),
            ),
            _ => {
                let corners: Vec<Position> =
                    (0..3 + random.below(4)).map(|_| random_position(&mut random, 60.0)).collect();
                let mut words = format!("BYPOLYGON {}", corners.len());
                corners.iter().for_each(|corner| words += &format!(" {} {}", corner.longitude, corner.latitude));
                (Outline::Polygon(corners), words)
            }
        };
        let shape = match outline {
            Outline::Polygon(corners) => Shape::polygon(corners),
            outline => Shape { centre, outline },
        };
        let mut expected: Vec<(f64, String)> = Vec::new();
        for (index, position) in members.iter().enumerate() {
            let stored = Position::of_score(position.score() as f64);
            expected.extend(shape.distance(stored).map(|distance| (distance, format!("m{index}"))));
        }
        expected.sort_by(|a, b| a.0.total_cmp(&b.0));
        let expected: Vec<String> = expected.into_iter().map(|found| found.1).collect();
        let reply = server.send(&format!("GEOSEARCH s {words} ASC"));
        let found: Vec<String> =
            reply.split(' ').skip(1).filter(|word| word.starts_with('m')).map(ToString::to_string).collect();
        assert_eq!(found, expected, "round {round}: {words}");
    }
}
