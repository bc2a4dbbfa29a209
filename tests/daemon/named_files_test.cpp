#include "daemon/named_files.h"

#include <string>
#include <vector>

#include "daemon/configuration.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

using namespace tocsin;

namespace {

/// A folder with a secret, and files of targets good and bad.
struct Folder {
    Folder() {
        disk.put("/c/have", "s");
        disk.put("/c/ok.json", R"([{"targets": ["a:1"], "labels": {"x": "y"}}])");
        disk.put("/c/ok.yml", "- targets: [b:2]\n");
        disk.put("/c/empty.yml", "");
        disk.put("/c/bad.json", R"([{"targets": ["a:1"],}])");
        disk.put("/c/bad.yml", "- targets: [b:2]\n  label: {x: y}\n");
        disk.put("/c/map.json", R"({"targets": ["a:1"]})");
        disk.put("/c/address.json", R"([{"targets": ["ok:1", "http://a/b"]}])");
    }

    /// Errors, then warnings, as a person reads them.
    std::vector<std::string> check(const std::string& text, ConfigReach reach = ConfigReach::NamedFiles) {
        disk.put("/c/p.yml", text);
        const auto read = load_rule_configuration(disk, "/c/p.yml", {}, reach);
        Diagnostics all = read ? read->warnings : read.error().problems;
        if (!read) all.insert(all.end(), read.error().warnings.begin(), read.error().warnings.end());
        std::vector<std::string> told;
        for (const Diagnostic& finding : all) told.push_back(to_string(finding));
        return told;
    }
    std::vector<std::string> check_job(const std::string& keys, ConfigReach reach = ConfigReach::NamedFiles) {
        return check("scrape_configs:\n- job_name: j\n  " + keys + "\n", reach);
    }

    fakes::FakeDisk disk;
};

struct Case {
    const char* keys;
    std::vector<std::string> told;
};

}  // namespace

TEST_CASE("files of secrets that a job names are looked for: what promtool demands is an error, the others a doubt",
          "[daemon][named_files]") {
    Folder folder;
    const auto [keys, told] = GENERATE(values<Case>({
        {"authorization: {credentials_file: have}", {}},
        {"authorization: {credentials_file: no}",
         {"/c/p.yml:3:37: authorization.credentials_file cannot be read: open /c/no: no such file or directory"}},
        {"bearer_token_file: no",
         {"/c/p.yml:3:22: bearer_token_file cannot be read: open /c/no: no such file or directory"}},
        {"tls_config: {cert_file: no, key_file: gone}",
         {"/c/p.yml:3:27: tls_config.cert_file cannot be read: open /c/no: no such file or directory",
          "/c/p.yml:3:41: tls_config.key_file cannot be read: open /c/gone: no such file or directory"}},
        {"tls_config: {ca_file: no}",
         {"/c/p.yml:3:25: warning: tls_config.ca_file cannot be read: open /c/no: no such file or directory"}},
        {"basic_auth: {username: u, password_file: no}",
         {"/c/p.yml:3:44: warning: basic_auth.password_file cannot be read: open /c/no: no such file or directory"}},
        {"oauth2: {client_id: i, client_secret_file: no, token_url: 'http://t', tls_config: {ca_file: no}}",
         {"/c/p.yml:3:46: warning: oauth2.client_secret_file cannot be read: open /c/no: no such file or directory",
          "/c/p.yml:3:95: warning: oauth2.tls_config.ca_file cannot be read: open /c/no: no such file or directory"}},
        {"http_headers: {X-A: {files: [have, no]}}",
         {"/c/p.yml:3:38: warning: files cannot be read: open /c/no: no such file or directory"}},
        {"http_sd_configs: [{url: 'http://s', authorization: {credentials_file: no}}]",
         {"/c/p.yml:3:73: warning: http_sd_configs.authorization.credentials_file cannot be read: open /c/no: no such "
          "file or directory"}},
        {"params: {ca_file: [no]}", {}},
    }));
    INFO(keys);
    CHECK(folder.check_job(keys) == told);
    CHECK(folder.check_job(keys, ConfigReach::SyntaxOnly).empty());
}

TEST_CASE("files of targets are read, and their targets looked at", "[daemon][named_files]") {
    Folder folder;
    const auto [keys, told] = GENERATE(values<Case>({
        {"file_sd_configs: [{files: [ok.json, ok.yml, 'o*.json', empty.yml]}]", {}},
        {"file_sd_configs: [{files: [no.json]}]", {"/c/p.yml:3:30: warning: no file matches /c/no.json"}},
        {"file_sd_configs: [{files: ['no*.json']}]", {"/c/p.yml:3:30: warning: no file matches /c/no*.json"}},
        {"file_sd_configs: [{files: ['[.json']}]", {"/c/p.yml:3:30: syntax error in pattern /c/[.json"}},
        {"file_sd_configs: [{files: [map.json]}]", {"/c/p.yml:3:30: /c/map.json: not a list of target groups"}},
        {"file_sd_configs: [{files: [bad.yml]}]",
         {"/c/p.yml:3:30: /c/bad.yml:2:3: field label not found in target group"}},
        {"file_sd_configs: [{files: [address.json]}]",
         {"/c/p.yml:3:30: instance 1 in group /c/address.json:0: \"http://a/b\" is not a valid hostname"}},
        {"file_sd_configs: [{files: [address.json]}]\n  relabel_configs: [{action: drop, regex: .*}]", {}},
    }));
    INFO(keys);
    CHECK(folder.check_job(keys) == told);
}

TEST_CASE("targets in static_configs are looked at with the syntax", "[daemon][named_files]") {
    Folder folder;
    const auto [keys, told] = GENERATE(values<Case>({
        {"static_configs: [{targets: [a]}, {targets: ['']}]", {"/c/p.yml:3:36: instance 0 in group 1: no address"}},
        {"static_configs: [{targets: [a], labels: {__scrape_interval__: 0s}}]",
         {"/c/p.yml:3:20: instance 0 in group 0: scrape interval cannot be 0"}},
    }));
    INFO(keys);
    CHECK(folder.check_job(keys) == told);
    CHECK(folder.check_job(keys, ConfigReach::SyntaxOnly) == told);
    CHECK(folder.check_job(keys, ConfigReach::Rules).empty());
}

// As the README of the exporter has it.
TEST_CASE("nothing is wrong with the configuration of a blackbox exporter", "[daemon][named_files]") {
    Folder folder;
    CHECK(folder.check(R"(scrape_configs:
  - job_name: 'blackbox'
    metrics_path: /probe
    params:
      module: [http_2xx]
    static_configs:
      - targets:
        - http://prometheus.io
        - https://prometheus.io
        - http://example.com:8080
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - source_labels: [__param_target]
        target_label: instance
      - target_label: __address__
        replacement: 127.0.0.1:9115
  - job_name: 'blackbox_exporter'
    static_configs:
      - targets: ['127.0.0.1:9115']
)") == std::vector<std::string>{});
    CHECK(folder.check_job("static_configs: [{targets: ['http://a']}]\n"
                           "  relabel_configs: [{source_labels: [__address__], target_label: __param_target}]") ==
          std::vector<std::string>{"/c/p.yml:3:20: instance 0 in group 0: \"http://a\" is not a valid hostname"});
}

TEST_CASE("targets in static_configs of alertmanagers are looked at after relabelling", "[daemon][named_files]") {
    Folder folder;
    const std::string text =
        "alerting:\n  alertmanagers:\n  - static_configs: [{targets: [a]}]\n"
        "    relabel_configs: [{target_label: __address__, replacement: 'http://x/y'}]\n";
    const std::vector<std::string> told{"/c/p.yml:3:22: instance 0 in group 0: \"http://x/y\" is not a valid hostname"};
    CHECK(folder.check(text) == told);
    CHECK(folder.check(text, ConfigReach::SyntaxOnly) == told);
    CHECK(folder.check(text, ConfigReach::Rules).empty());
}

TEST_CASE("the files of alertmanagers and of files of jobs are looked for too", "[daemon][named_files]") {
    Folder folder;
    CHECK(folder.check("alerting:\n  alertmanagers:\n  - tls_config: {ca_file: no}\n"
                       "    file_sd_configs: [{files: [bad.yml]}]\n") ==
          std::vector<std::string>{
              "/c/p.yml:4:32: /c/bad.yml:2:3: field label not found in target group",
              "/c/p.yml:3:27: warning: tls_config.ca_file cannot be read: open /c/no: no such file or directory"});
    folder.disk.put("/c/jobs/j.yml", "scrape_configs: [{job_name: j, bearer_token_file: no}]\n");
    CHECK(folder.check("scrape_config_files: [jobs/*.yml]\n") ==
          std::vector<std::string>{
              "/c/jobs/j.yml:1:51: bearer_token_file cannot be read: open /c/jobs/no: no such file or directory"});
}

TEST_CASE("mistakes do not hide which files are missing, and nothing is looked for unless asked",
          "[daemon][named_files]") {
    Folder folder;
    const std::string keys = "bearer_token_file: no\n  scheme: ftp";
    CHECK(folder.check_job(keys).size() == 2);
    CHECK(folder.check_job(keys, ConfigReach::Rules).size() == 1);
    CHECK(folder.check("rule_files: [no.yml]\nscrape_config_files: [no.yml]\n", ConfigReach::SyntaxOnly).empty());
}
