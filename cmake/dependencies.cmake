# Every third-party library, from Debian 12, with what it is for. cmake/install_dependencies.sh installs the packages.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

find_package(tl-expected REQUIRED)                                   # libexpected-dev: results, until std::expected
find_package(fmt REQUIRED)                                           # libfmt-dev: text of messages
find_package(spdlog REQUIRED)                                        # libspdlog-dev: log files and their rotation
find_package(CLI11 REQUIRED)                                         # libcli11-dev: command line
find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS headers url json) # Asio, Beast, URL, JSON bodies, flat hash maps
# One file compiles Asio (base/asio_impl.cpp) instead of every file that uses it. Its memory fences are beside the locks that it takes
# anyway, and ThreadSanitizer does not know them.
target_compile_definitions(Boost::headers INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_DISABLE_FENCED_BLOCK)
find_package(pegtl REQUIRED CONFIG)                                  # tao-pegtl-dev: grammars
find_package(yaml-cpp REQUIRED CONFIG)                               # libyaml-cpp-dev
find_package(nlohmann_json REQUIRED)                                 # nlohmann-json3-dev
find_package(SQLite3 REQUIRED)                                       # libsqlite3-dev: state
find_package(OpenSSL REQUIRED)                                       # libssl-dev: TLS, SHA-256
find_package(ZLIB REQUIRED)                                          # zlib1g-dev: compressed scrapes
find_package(date REQUIRED CONFIG)                                   # libhowardhinnant-date-dev: time zones
find_package(Catch2 2 REQUIRED)                                      # catch2: tests
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)                  # libre2-dev: regular expressions, linear time
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)         # libxxhash-dev: hashes of label sets and lines
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)             # libzstd-dev: compressed fixtures
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)      # libcpp-httplib-dev: requests of notifiers
