/// Changes of the settings about logins that are not the owner's; nil leaves a setting as it is.
package struct UploadLimits: Sendable, Equatable {
    /// 0 removes the limit.
    package let maxMegabytes: Int?
    /// 0 removes the limit.
    package let maxFiles: Int?
    package let maxDepth: Int?
    package let onExists: Account.OnExists?

    package init(
        maxMegabytes: Int? = nil, maxFiles: Int? = nil, maxDepth: Int? = nil, onExists: Account.OnExists? = nil
    ) {
        self.maxMegabytes = maxMegabytes
        self.maxFiles = maxFiles
        self.maxDepth = maxDepth
        self.onExists = onExists
    }

    /// Changes a user's lines.
    package func apply(to lines: inout ConfigurationEditor) throws(TOMLError) {
        for (key, value) in [("max_megabytes", maxMegabytes), ("max_files", maxFiles), ("max_depth", maxDepth)] {
            switch value {
            case nil: break
            case 0?: try lines.remove(key)
            case let value?: try lines.set(key, to: .integer(value))
            }
        }
        if let onExists { try lines.set("on_exists", to: .string(onExists.rawValue)) }
    }
}
