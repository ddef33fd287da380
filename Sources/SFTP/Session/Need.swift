/// A permission that a request needs.
///
/// ``SFTPSession`` checks the needs of each request at one place, before it acts. The ``FileSystem`` decides on needs
/// of paths; how a handle was opened decides on needs of handles.
package enum Need: Equatable {
    /// To see the name, size and times of the object.
    case see(VirtualPath)
    /// To read the contents of a file.
    case read(VirtualPath)
    /// To make a new object of that name.
    case create(VirtualPath)
    /// To make or replace the file of that name.
    case write(VirtualPath)
    /// To rename or remove the object, or to change its attributes.
    case change(VirtualPath)
    /// A handle opened for reading.
    case readHandle(Handle)
    /// A handle opened for writing.
    case writeHandle(Handle)
}
