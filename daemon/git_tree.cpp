#include "daemon/git_tree.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fnmatch.h>

#include "base/file_patterns.h"
#include "base/posix_process.h"
#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::string_view kLinkMode = "120000", kModuleMode = "160000";
constexpr int kLinksMax = 8;

/// What git says when it fails is one line of text behind `fatal: `.
std::string complaint_of(const ProgramOutcome& outcome) {
    std::string_view line = trim(outcome.errors);
    line = line.substr(0, line.find('\n'));
    if (line.starts_with("fatal: ")) line.remove_prefix(7);
    return line.empty() ? fmt::format("git ended with {}", outcome.code) : std::string(line);
}

/// Without `.` and `..`; nothing where it would leave the repository.
std::optional<std::string> tidied(std::string_view path) {
    std::vector<std::string> parts;
    for (const std::string_view part : split(path, '/')) {
        if (part.empty() || part == ".") continue;
        if (part != "..") {
            parts.emplace_back(part);
        } else if (parts.empty()) {
            return std::nullopt;
        } else {
            parts.pop_back();
        }
    }
    return join(parts, "/");
}

class BlobFile final : public DiskFile {
public:
    explicit BlobFile(std::string content) : content_(std::move(content)) {}
    Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t bytes) override {
        if (offset >= content_.size()) return 0;
        const std::size_t count = std::min(bytes, content_.size() - static_cast<std::size_t>(offset));
        std::memcpy(into, content_.data() + offset, count);
        return count;
    }
    Result<std::uint64_t> size() override { return content_.size(); }
    Status write_at(std::uint64_t, std::string_view) override { return refuse(); }
    Status append(std::string_view) override { return refuse(); }
    Status truncate(std::uint64_t) override { return refuse(); }
    Status sync() override { return refuse(); }
    Status lock() override { return refuse(); }

private:
    static Status refuse() { return fail(Error::Kind::InvalidInput, "a revision of a repository is read only"); }
    std::string content_;
};

tl::unexpected<Error> no_such_file(const std::string& path) {
    return fail(Error::Kind::NotFound, "open " + path + ": no such file in that revision");
}

tl::unexpected<Error> read_only(const std::string& path) {
    return fail(Error::Kind::InvalidInput, path + ": a revision of a repository is read only");
}

}  // namespace

Result<std::unique_ptr<GitTree>> GitTree::open(const std::string& folder, const std::string& revision) {
    // A word with a dash in front would be a flag to git.
    if (revision.empty() || revision.front() == '-') {
        return fail(Error::Kind::NotFound, go_quote(revision) + " is no revision");
    }
    std::unique_ptr<GitTree> tree(new GitTree(folder.empty() ? "." : folder, revision));
    TOCSIN_TRY(const std::string top, tree->ask({"rev-parse", "--show-toplevel"}));
    TOCSIN_TRY(const std::string prefix, tree->ask({"rev-parse", "--show-prefix"}));
    tree->work_tree_ = std::string(trim(top)) + "/";
    const std::string place = tidied(trim(prefix)).value_or("");
    if (Status status = tree->read_names(); !status) return tl::unexpected(status.error());
    if (!place.empty() && !tree->has_folder(place)) {
        return fail(Error::Kind::NotFound, fmt::format("revision {} has no folder {}", revision, place));
    }
    tree->root_ = revision + ":" + (place.empty() ? "." : place);
    return tree;
}

Result<std::string> GitTree::ask(std::vector<std::string> question) const {
    std::vector<std::string> words{"git", "-C", folder_};
    words.insert(words.end(), std::make_move_iterator(question.begin()), std::make_move_iterator(question.end()));
    auto outcome = run_program(words);
    if (!outcome && outcome.error().kind == Error::Kind::NotFound) {
        return fail(Error::Kind::NotFound, "the program git is not there; it is needed to read a revision");
    }
    if (!outcome) return tl::unexpected(std::move(outcome).error());
    if (outcome->code != 0) return fail(Error::Kind::NotFound, folder_ + ": " + complaint_of(*outcome));
    return std::move(outcome->output);
}

// `MODE TYPE OBJECT<tab>PATH`, each with a zero at its end.
Status GitTree::read_names() {
    const auto commit = ask({"rev-parse", "--verify", "--quiet", revision_ + "^{commit}"});
    if (!commit)
        return fail(Error::Kind::NotFound, fmt::format("{}: no revision {} here", folder_, go_quote(revision_)));
    TOCSIN_TRY(const std::string list, ask({"ls-tree", "-r", "-z", "--full-tree", std::string(trim(*commit))}));
    for (const std::string_view line : split(list, '\0')) {
        const std::size_t tab = line.find('\t');
        if (tab == std::string_view::npos) continue;
        const auto words = split(line.substr(0, tab), ' ');
        if (words.size() < 3 || words[0] == kModuleMode) continue;
        files_[std::string(line.substr(tab + 1))] = {std::string(words[2]), words[0] == kLinkMode};
    }
    return {};
}

// Where a file is in the repository; nothing when it cannot be there.
std::optional<std::string> GitTree::place_of(std::string_view path) const {
    if (path.starts_with(revision_ + ":")) return tidied(path.substr(revision_.size() + 1));
    if (path.starts_with(work_tree_)) return tidied(path.substr(work_tree_.size()));
    return std::nullopt;
}

// A place without a folder gets one, so that what lies beside it can be found.
std::string GitTree::name_of(const std::string& place) const {
    return revision_ + ":" + (place.find('/') == std::string::npos ? "./" : "") + place;
}

bool GitTree::has_folder(const std::string& place) const {
    if (place.empty()) return true;
    const auto first = files_.lower_bound(place + "/");
    return first != files_.end() && first->first.starts_with(place + "/");
}

Result<std::string> GitTree::content_of(const std::string& place) const {
    std::string at = place;
    for (int links = 0; links < kLinksMax; ++links) {
        const auto file = files_.find(at);
        if (file == files_.end()) return no_such_file(name_of(place));
        TOCSIN_TRY(std::string content, ask({"cat-file", "blob", file->second.object}));
        if (!file->second.is_link) return content;
        const auto target = tidied(resolve_path(directory_of(at), content));
        if (!target || content.starts_with('/')) return no_such_file(name_of(place));
        at = *target;
    }
    return no_such_file(name_of(place));
}

Result<std::unique_ptr<DiskFile>> GitTree::open(const std::string& path, Open mode) {
    if (mode != Open::ReadOnly) return read_only(path);
    const auto place = place_of(path);
    if (!place) return no_such_file(path);
    TOCSIN_TRY(std::string content, content_of(*place));
    return std::make_unique<BlobFile>(std::move(content));
}

bool GitTree::exists(const std::string& path) {
    const auto place = place_of(path);
    return place && (files_.contains(*place) || has_folder(*place));
}

Result<std::vector<std::string>> GitTree::list(const std::string& directory) {
    const auto place = place_of(directory);
    if (!place || !has_folder(*place)) return no_such_file(directory);
    const std::string folder = place->empty() ? "" : *place + "/";
    std::set<std::string> names;
    for (auto file = files_.lower_bound(folder); file != files_.end() && file->first.starts_with(folder); ++file) {
        const std::string rest = file->first.substr(folder.size());
        names.insert(rest.substr(0, rest.find('/')));
    }
    return std::vector<std::string>(names.begin(), names.end());
}

Result<std::vector<std::string>> GitTree::glob(const std::string& pattern) {
    if (!has_magic(pattern)) return std::vector<std::string>{pattern};
    const auto place = place_of(pattern);
    std::vector<std::string> found;
    if (!place) return found;
    for (const auto& [file, _] : files_) {
        if (::fnmatch(place->c_str(), file.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0) found.push_back(name_of(file));
    }
    return found;
}

Status GitTree::rename(const std::string& from, const std::string&) {
    return read_only(from);
}
Status GitTree::remove(const std::string& path) {
    return read_only(path);
}
Status GitTree::make_directories(const std::string& path) {
    return read_only(path);
}
Status GitTree::sync_directory(const std::string& directory) {
    return read_only(directory);
}
Result<std::uint64_t> GitTree::free_bytes(const std::string& path) {
    return read_only(path);
}

}  // namespace tocsin
