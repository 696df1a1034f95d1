//! The title of the process, as `ps` shows it.

use crate::raw::ArgumentArea;
use engine::config::{Config, Id};
use std::path::Path;

/// What the title is made from.
pub struct Title {
    /// Where it is written; `None` when it is not to be.
    area: Option<ArgumentArea>,
    template: String,
    program: String,
    bind: Option<String>,
    port: u16,
    tls_port: u16,
    unix_socket: String,
    cluster: bool,
    config_file: String,
}

impl Title {
    /// The title of a program as configured. `area` is where it is to be written.
    pub fn new(program: &str, config: &Config, config_file: Option<&Path>, area: Option<ArgumentArea>) -> Title {
        let text = |id| String::from_utf8_lossy(config.text(id)).into_owned();
        Title {
            area,
            template: text(Id::ProcTitleTemplate),
            program: program.to_owned(),
            bind: config.binds().first().map(|bind| String::from_utf8_lossy(bind).into_owned()),
            port: config.unsigned(Id::Port) as u16,
            tls_port: config.unsigned(Id::TlsPort) as u16,
            unix_socket: text(Id::Unixsocket),
            cluster: config.boolean(Id::ClusterEnabled),
            config_file: config_file.map_or_else(|| "-".to_owned(), |path| path.display().to_string()),
        }
    }

    /// `proc-title-template`, which was checked.
    pub fn set_template(&mut self, template: &str) {
        template.clone_into(&mut self.template);
        self.show();
    }

    /// `port`.
    pub fn set_port(&mut self, port: u16) {
        self.port = port;
        self.show();
    }

    /// The first address of `bind`.
    pub fn set_bind(&mut self, bind: Option<String>) {
        self.bind = bind;
        self.show();
    }

    /// Writes the title.
    pub fn show(&mut self) {
        let title = self.expand();
        if let Some(area) = &mut self.area {
            area.write(title.as_bytes());
        }
    }

    /// The template with its variables replaced. Two braces stand for one.
    fn expand(&self) -> String {
        let mut title = String::new();
        let mut rest = self.template.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            title += before;
            if let Some(after) = after.strip_prefix('{') {
                title.push('{');
                rest = after;
                continue;
            }
            let Some((name, after)) = after.split_once('}') else { break };
            title += &self.variable(name);
            rest = after;
        }
        title += rest;
        title.trim_matches(' ').to_owned()
    }

    fn variable(&self, name: &str) -> String {
        match name {
            "title" => self.program.clone(),
            "listen-addr" if self.port == 0 && self.tls_port == 0 => self.unix_socket.clone(),
            "listen-addr" => {
                let port = if self.port == 0 { self.tls_port } else { self.port };
                format!("{}:{port}", self.bind.as_deref().unwrap_or("*"))
            }
            "server-mode" if self.cluster => "[cluster]".to_owned(),
            "config-file" => self.config_file.clone(),
            "port" => self.port.to_string(),
            "tls-port" => self.tls_port.to_string(),
            "unixsocket" => self.unix_socket.clone(),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_expand() {
        let mut config = Config::new();
        config.load(b"bind 127.0.0.1 ::1\nport 7000\nunixsocket /s", &mut |_| Err(String::new())).unwrap();
        let mut title = Title::new("redis-server", &config, None, None);
        for (template, expected) in [
            ("{title} {listen-addr} {server-mode}", "redis-server 127.0.0.1:7000"),
            (
                "TEST {title} {listen-addr} {port} {tls-port} {unixsocket} {config-file}",
                "TEST redis-server 127.0.0.1:7000 7000 0 /s -",
            ),
            ("{{x} {title}", "{x} redis-server"),
        ] {
            title.set_template(template);
            assert_eq!(title.expand(), expected);
        }
        title.set_port(0);
        title.set_template("{listen-addr}");
        assert_eq!(title.expand(), "/s");
    }
}
