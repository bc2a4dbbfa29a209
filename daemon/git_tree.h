#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/result.h"

namespace tocsin {

/// The files of one revision of a git repository, to be read as if they lay in a folder. Neither the work tree nor the
/// index is touched: git itself is asked for the names once, and for the content of each file that is opened.
///
/// A file is `REVISION:path/in/the/repository`, as git spells it. Of absolute names those below the work tree are
/// there, as of that revision. What writes is refused.
class GitTree final : public Disk {
public:
    /// Of the repository that `folder` is in. NotFound when git, the folder or the revision is not there, or the folder
    /// is in no repository; git's own words are in the message.
    static Result<std::unique_ptr<GitTree>> open(const std::string& folder, const std::string& revision);

    /// How `folder` is spelled here.
    const std::string& root() const { return root_; }

    Result<std::unique_ptr<DiskFile>> open(const std::string& path, Open mode) override;
    bool exists(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& directory) override;
    Result<std::vector<std::string>> glob(const std::string& pattern) override;
    Status rename(const std::string& from, const std::string& to) override;
    Status remove(const std::string& path) override;
    Status make_directories(const std::string& path) override;
    Status sync_directory(const std::string& directory) override;
    Result<std::uint64_t> free_bytes(const std::string& path) override;

private:
    struct Entry {
        std::string object;
        bool is_link = false;
    };

    GitTree(std::string folder, std::string revision) : folder_(std::move(folder)), revision_(std::move(revision)) {}
    Result<std::string> ask(std::vector<std::string> question) const;
    Status read_names();
    std::optional<std::string> place_of(std::string_view path) const;
    std::string name_of(const std::string& place) const;
    bool has_folder(const std::string& place) const;
    Result<std::string> content_of(const std::string& place) const;

    std::string folder_, revision_, root_;
    std::string work_tree_;               // absolute, with a slash at the end
    std::map<std::string, Entry> files_;  // by their places in the repository
};

}  // namespace tocsin
